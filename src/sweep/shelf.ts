/** What was worked out for one point and holds for the next: made again when one of the things it depends on is another. */
export class Shelf<Made> {
  private depends: readonly unknown[] = []
  private readonly made = new Map<string, Made>()

  get(depends: readonly unknown[], key: string, make: () => Made): Made {
    if (depends.some((thing, at) => thing !== this.depends[at])) {
      this.made.clear()
      this.depends = depends
    }
    const known = this.made.get(key)
    if (known !== undefined) return known
    if (this.made.size >= mostKept) this.made.clear()
    const fresh = make()
    this.made.set(key, fresh)
    return fresh
  }
}

const mostKept = 2_000
