/** All that computes, in one piece: every piece costs a start-up of its own. `--help` and `init` never load it. */
export { explain } from './commands/explain.ts'
export { list } from './commands/list.ts'
export { run } from './commands/run.ts'
export { search } from './commands/search.ts'
export { schema } from './commands/schema.ts'
export { validate } from './commands/validate.ts'
export { fail } from './failure.ts'
