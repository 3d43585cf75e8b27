/** Between two pieces of long work an interrupt is heard. */
export const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
