'use client'

import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import './drop.css'
import type { DroppedFile } from './dropped'
import { useFileDrop } from './use-file-drop'

/** What reads and diagnoses is a third of the page's code: it comes when files do. */
const loadSteps = () => import('./drop-steps')
const DropSteps = lazy(loadSteps)

/** Takes checkpoints from anywhere on the page. */
export function DropZone() {
  const [files, setFiles] = useState<DroppedFile[] | null>(null)
  const input = useRef<HTMLInputElement>(null)
  const take = (dropped: DroppedFile[]) => dropped.length > 0 && setFiles(dropped)
  const over = useFileDrop(take)
  useEffect(() => {
    if (over) void loadSteps()
  }, [over])

  return (
    <section className={`drop-area ${over ? 'over' : ''}`} aria-label="Add checkpoints">
      {over && <p className="drop-veil">Drop a teacher and its student, or a folder of checkpoints</p>}
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label="Checkpoint files"
        onChange={(event) => {
          take([...(event.target.files ?? [])].map((file) => ({ file, folder: '' })))
          event.target.value = ''
        }}
      />
      {files === null ? (
        <Invitation onNear={() => void loadSteps()} onChoose={() => input.current?.click()} />
      ) : (
        <Suspense fallback={<p role="status">Opens the files …</p>}>
          <DropSteps files={files} onEnd={() => setFiles(null)} />
        </Suspense>
      )}
    </section>
  )
}

function Invitation({ onNear, onChoose }: { onNear: () => void; onChoose: () => void }) {
  return (
    <>
      <div>
        <h2>Drop a teacher and its student anywhere on this page</h2>
        <p className="soft">
          .safetensors, .pt, .pth, .ckpt or .bin, with a config .json or .yaml if they need one; one file that
          holds both; or a folder of steps. They are read and diagnosed in your browser.
        </p>
      </div>
      <div className="chips">
        <button type="button" className="button" onPointerEnter={onNear} onFocus={onNear} onClick={onChoose}>
          Choose files …
        </button>
        <span className="small soft">
          or <code>npm run --silent cli -- import PATH</code>
        </span>
      </div>
    </>
  )
}
