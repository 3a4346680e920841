export type Box = { x: number; y: number; width: number; height: number }

/** n images of side x side px in rows as square as can be, with a gap of a pixel (more for large images). */
export function gridBoxes(
  n: number,
  side: number,
): { boxes: Box[]; columns: number; width: number; height: number } {
  const columns = Math.max(1, Math.ceil(Math.sqrt(n)))
  const rows = Math.max(1, Math.ceil(n / columns))
  const gap = Math.max(1, Math.round(side / 28))
  const pitch = side + gap
  const boxes = Array.from({ length: n }, (_, i) => ({
    x: (i % columns) * pitch,
    y: Math.floor(i / columns) * pitch,
    width: side,
    height: side,
  }))
  return { boxes, columns, width: columns * pitch - gap, height: rows * pitch - gap }
}
