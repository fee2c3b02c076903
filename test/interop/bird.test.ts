import { bird } from './support/bird.js';
import { scenarios } from './support/scenarios.js';

scenarios(bird);
