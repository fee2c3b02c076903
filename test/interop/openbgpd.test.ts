import { openbgpd } from './support/openbgpd.js';
import { scenarios } from './support/scenarios.js';

scenarios(openbgpd);
