/** Raised whenever the same plan gets other numbers: a baseline kept from before then says "the model changed". */
export const modelVersion = 1
