/** The quantities we know. Inside, each is a plain number in the SI base unit that its name says. */
export const units = {
  bytes: { symbol: 'B', byte: 1, second: 0 },
  seconds: { symbol: 's', byte: 0, second: 1 },
  bytesPerSecond: { symbol: 'B/s', byte: 1, second: -1 },
  flop: { symbol: 'FLOP', byte: 0, second: 0 },
  flopPerSecond: { symbol: 'FLOP/s', byte: 0, second: -1 },
  /** Energy counts as a dimension of its own in the homogeneity test; watts are joules per second. */
  joules: { symbol: 'J', byte: 0, second: 0 },
  watts: { symbol: 'W', byte: 0, second: -1 },
  usd: { symbol: 'USD', byte: 0, second: 0 },
  usdPerSecond: { symbol: 'USD/s', byte: 0, second: -1 },
  usdPerJoule: { symbol: 'USD/J', byte: 0, second: 0 },
  perSecond: { symbol: '1/s', byte: 0, second: -1 },
  tokens: { symbol: 'tokens', byte: 0, second: 0 },
  tokensPerSecond: { symbol: 'tokens/s', byte: 0, second: -1 },
  /** Of loss, per token: natural logarithms of a probability. */
  nats: { symbol: 'nats', byte: 0, second: 0 },
  count: { symbol: '', byte: 0, second: 0 },
  ratio: { symbol: '', byte: 0, second: 0 },
} as const satisfies Record<string, { symbol: string; byte: number; second: number }>

export type Unit = keyof typeof units
