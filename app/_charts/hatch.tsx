/** The 45-degree pattern for "no value"; use as fill `url(#ID)`. Give each SVG its own id (useId). */
export function HatchPattern({ id }: { id: string }) {
  return (
    <pattern id={id} width={5} height={5} patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
      <line x1={0} x2={0} y1={0} y2={5} style={{ stroke: 'var(--line2)', strokeWidth: 1.4 }} />
    </pattern>
  )
}

/** Hatches a rectangle of a canvas; the caller sets strokeStyle. */
export function hatchCanvas(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  width: number,
  height: number,
): void {
  context.save()
  context.beginPath()
  context.rect(x, y, width, height)
  context.clip()
  context.beginPath()
  for (let at = x - height; at < x + width; at += 6) {
    context.moveTo(at, y + height)
    context.lineTo(at + height, y)
  }
  context.stroke()
  context.restore()
}
