export { Remembered } from '../hot/index.ts';
