import { exabgp } from './support/exabgp.js';
import { scenarios } from './support/scenarios.js';

scenarios(exabgp);
