import { gobgp } from './support/gobgp.js';
import { scenarios } from './support/scenarios.js';

scenarios(gobgp);
