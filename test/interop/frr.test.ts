import { frr } from './support/frr.js';
import { scenarios } from './support/scenarios.js';

scenarios(frr);
