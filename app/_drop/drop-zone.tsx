/** How a checkpoint gets in. */
export function DropZone() {
  return (
    <section className="drop-zone">
      <h2>Add a checkpoint</h2>
      <code>npm run --silent cli -- import PATH</code>
    </section>
  )
}
