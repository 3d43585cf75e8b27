/** As in package.json; tests/architecture.test.ts holds the two equal. */
import type { Tool } from '../report/report.ts'

export const tool: Tool = { name: 'clusterwise', version: '0.1.0' }
