/** Curves over a logarithmic axis, drawn in braille dots, or in letters where there are none. */

export interface Curve {
  readonly name: string
  readonly points: readonly { readonly x: number; readonly y: number }[]
}

export interface Chart {
  readonly width: number
  readonly height: number
  readonly unicode: boolean
  readonly xLabel: (x: number) => string
  readonly yLabel: (y: number) => string
}

interface Scale {
  readonly low: number
  readonly high: number
}

/** Lines of text, without colour. The y axis starts at nothing. */
export function drawCurves(curves: readonly Curve[], chart: Chart): readonly string[] {
  const all = curves.flatMap(({ points }) => points)
  if (all.length < 2) return []
  const x = { low: Math.log(Math.min(...all.map((p) => p.x))), high: Math.log(Math.max(...all.map((p) => p.x))) }
  const y = { low: 0, high: Math.max(...all.map((p) => p.y), 1e-12) }
  const labels = [y.high, y.high / 2, 0].map(chart.yLabel)
  const margin = Math.max(...labels.map((label) => label.length))
  const columns = Math.max(10, chart.width - margin - 3)
  const canvas = new Canvas(columns, chart.height, chart.unicode)
  curves.forEach((curve, index) => {
    drawCurve(canvas, curve, { x, y }, index)
  })
  const rows = canvas.rows().map((row, at) => {
    const label =
      at === 0 ? labels[0] : at === chart.height - 1 ? labels[2] : at === Math.floor(chart.height / 2) ? labels[1] : ''
    return `${(label ?? '').padStart(margin)} ${chart.unicode ? '┤' : '|'}${row}`
  })
  const ends = [chart.xLabel(Math.exp(x.low)), chart.xLabel(Math.exp(x.high))]
  const gap = Math.max(1, columns - (ends[0]?.length ?? 0) - (ends[1]?.length ?? 0))
  return [...rows, `${' '.repeat(margin + 2)}${ends[0]}${' '.repeat(gap)}${ends[1]}`]
}

function drawCurve(
  canvas: Canvas,
  { points }: Curve,
  { x, y }: { readonly x: Scale; readonly y: Scale },
  mark: number,
): void {
  const places = points.map((point) => ({
    column: ((Math.log(point.x) - x.low) / Math.max(1e-12, x.high - x.low)) * (canvas.dotsAcross - 1),
    row: (1 - (point.y - y.low) / (y.high - y.low)) * (canvas.dotsDown - 1),
  }))
  places.forEach((place, at) => {
    const next = places[at + 1] ?? place
    const steps = Math.max(1, Math.ceil(Math.abs(next.column - place.column)))
    for (let step = 0; step <= steps; step++) {
      const share = step / steps
      canvas.dot(place.column + share * (next.column - place.column), place.row + share * (next.row - place.row), mark)
    }
  })
}

/** Two by four dots a character in braille (Unicode U+2800), one letter a character in ASCII. */
class Canvas {
  readonly dotsAcross: number
  readonly dotsDown: number
  private readonly unicode: boolean
  private readonly columns: number
  private readonly cells: Uint8Array
  private readonly marks: Int8Array

  constructor(columns: number, height: number, unicode: boolean) {
    this.columns = columns
    this.unicode = unicode
    this.dotsAcross = columns * 2
    this.dotsDown = height * 4
    this.cells = new Uint8Array(columns * height)
    this.marks = new Int8Array(columns * height).fill(-1)
  }

  dot(across: number, down: number, mark: number): void {
    const column = Math.round(across)
    const row = Math.round(down)
    const cell = Math.floor(row / 4) * this.columns + Math.floor(column / 2)
    this.cells[cell] = (this.cells[cell] ?? 0) | (bits[column % 2]?.[row % 4] ?? 0)
    this.marks[cell] = mark
  }

  rows(): readonly string[] {
    const height = this.cells.length / this.columns
    return Array.from({ length: height }, (_, row) =>
      Array.from({ length: this.columns }, (_, column) => this.sign(row * this.columns + column))
        .join('')
        .trimEnd(),
    )
  }

  private sign(cell: number): string {
    const dots = this.cells[cell] ?? 0
    if (dots === 0) return ' '
    return this.unicode ? String.fromCodePoint(0x2800 + dots) : 'ox+*'.charAt((this.marks[cell] ?? 0) % 4)
  }
}

const bits = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const
