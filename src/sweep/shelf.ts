/** What was worked out for one point, kept for others that are alike in what it hangs on. */
export class Shelf<Made> {
  private readonly made = new Map<string, Made>()

  get(key: string, make: () => Made): Made {
    const known = this.made.get(key)
    if (known !== undefined) return known
    if (this.made.size >= mostKept) this.made.clear()
    const fresh = make()
    this.made.set(key, fresh)
    return fresh
  }
}

const mostKept = 2_000
