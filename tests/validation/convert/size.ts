/** How large a model is, as far as its row tells. */
import type { Row } from './row.ts'

/** As stated, or counted: twelve squares of the width in each layer, and the vocabulary. */
export function parametersOf({ model }: Row): number {
  if (model?.params_b) return model.params_b * 1e9
  const { layers, hidden, vocab } = model ?? {}
  return 12 * (layers ?? 0) * (hidden ?? 0) ** 2 + (vocab ?? 0) * (hidden ?? 0)
}

/** Layers of multi-token prediction: each costs what another layer costs, and one more pass of the output layer. */
export const extraPredictions = ({ model }: Row): number => model?.mtp_layers ?? model?.moe?.mtp_layers ?? 0

/** Above this a model whose layout nobody states is taken as split over tensor and pipeline ranks. */
const largeParameters = 20e9

export const isLarge = (row: Row): boolean => parametersOf(row) > largeParameters
