/** What time it is. A parameter wherever an answer depends on it, so that a test can say the time. */
export type Clock = () => Date;

export const systemClock: Clock = () => new Date();
