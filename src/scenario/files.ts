/** How this room gets at files: through a given `Files`, so that it works on a disk, in a test and in a browser alike. */

import type { Packed } from './packed.ts'

/** A scenario is a few kB; this bounds what a hostile one can cost. Measured: a full megabyte of YAML takes a second. */
export const maxFileBytes = 1_000_000

/** What is wanted: a path as the user wrote it, or an entry of the catalog by name (`clusters/dgx-h100`). */
export type Reference =
  | {
      readonly kind: 'file'
      readonly path: string
      /** The `id` of the file that says so; absent for the file named by the user, which counts from where they stand. */
      readonly from?: string
    }
  | { readonly kind: 'catalog'; readonly name: string }

export interface SourceFile {
  /** The same for the same file, whatever way led to it (a real path). Never shown. */
  readonly id: string
  /** How people are told about it: relative to where they stand. */
  readonly label: string
  readonly text: string
  /** The same parsed, where a build has done so. */
  readonly packed?: Packed
}

/** Why there is no text. `file` is what people are told it is called. */
export type FileFault =
  | { readonly fault: 'missing'; readonly file: string }
  | { readonly fault: 'outside'; readonly file: string; readonly root: string }
  | { readonly fault: 'too-large'; readonly file: string; readonly bytes: number }
  | { readonly fault: 'unreadable'; readonly file: string; readonly reason: string }

/**
 * The files a scenario may see. An implementation
 * - resolves symbolic links first, then refuses what leaves the root (or the catalog) as `outside`: frames around a
 *   problem print file text into public logs;
 * - asks for the size before it reads, and refuses more than `maxFileBytes` as `too-large`;
 * - reads no URL, and never throws for what a user can get wrong.
 */
export interface Files {
  open(reference: Reference): SourceFile | FileFault
  /** Names of all catalog entries, for "did you mean"; asked for only when a name is unknown. */
  catalog(): readonly string[]
}

export const isFault = (opened: SourceFile | FileFault): opened is FileFault => 'fault' in opened
