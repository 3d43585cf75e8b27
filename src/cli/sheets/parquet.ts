/** Apache Parquet by hyparquet-writer: one row group for each block, units in the metadata of the file. */
import { ByteWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer'
import type { ColumnSpec } from '../../sweep/table.ts'
import { tool } from '../version.ts'
import { meant, type Sheet, type Sink } from './sheet.ts'

const types = { number: 'DOUBLE', count: 'INT32', flag: 'BOOLEAN', word: 'STRING' } as const

/** Rows of a group: a reader skips whole groups, and a writer holds one. */
const groupRows = 50_000

export function parquetSheet(columns: readonly ColumnSpec[], sink: Sink): Sheet {
  const writer = drainingWriter(sink)
  const parquet = new ParquetWriter({
    writer,
    schema: schemaFromColumnData({
      columnData: columns.map(({ name, kind }) => ({ name, data: [], type: types[kind], nullable: true })),
    }),
    kvMetadata: [
      { key: 'created_by', value: `${tool.name} ${tool.version}` },
      { key: 'units', value: JSON.stringify(Object.fromEntries(columns.map(({ name, unit }) => [name, unit]))) },
    ],
    createdBy: `${tool.name} ${tool.version}`,
  })
  const width = columns.length
  const held = new Float64Array(groupRows * width)
  let filled = 0
  const flush = (): void => {
    if (filled === 0) return
    const columnData = columns.map((column, at) => ({ name: column.name, data: columnOf(column, at) }))
    parquet.write({ columnData, rowGroupSize: groupRows })
    filled = 0
  }
  const columnOf = (column: ColumnSpec, at: number) => {
    const data: (number | string | boolean | undefined)[] = new Array(filled)
    for (let row = 0; row < filled; row++) data[row] = meant(column, held[row * width + at] as number)
    return data
  }
  return {
    write: (rows) => {
      for (let first = 0; first < rows.length; ) {
        const count = Math.min(rows.length - first, (groupRows - filled) * width)
        held.set(rows.subarray(first, first + count), filled * width)
        filled += count / width
        first += count
        if (filled === groupRows) flush()
      }
    },
    end: () => {
      flush()
      parquet.finish()
      writer.drain()
    },
  }
}

/** Bytes go on to the file as they come, so that a large table needs no large memory. */
function drainingWriter(sink: Sink) {
  const writer = new ByteWriter()
  const drain = (): void => {
    sink.write(new Uint8Array(writer.buffer.slice(0, writer.index)))
    writer.index = 0
  }
  const ensure = writer.ensure.bind(writer)
  writer.ensure = (size) => {
    if (writer.index > 1_000_000) drain()
    ensure(size)
  }
  writer.finish = () => {}
  return Object.assign(writer, { drain })
}
