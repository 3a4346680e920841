'use client'

import { useEffect, useRef, useState } from 'react'
import { type DroppedFile, filesBelow } from './dropped'

/**
 * Files and folders dropped anywhere on the page; true while some are held over it. A page that is not asked opens them
 * itself.
 */
export function useFileDrop(onFiles: (files: DroppedFile[]) => void): boolean {
  const [over, setOver] = useState(false)
  const handler = useRef(onFiles)
  useEffect(() => {
    handler.current = onFiles
  })
  useEffect(() => {
    // Every element below the pointer sends its own enter and leave.
    let depth = 0
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false
    const enter = (event: DragEvent) => {
      if (!hasFiles(event)) return
      event.preventDefault()
      depth++
      setOver(true)
    }
    const leave = () => {
      depth = Math.max(0, depth - 1)
      if (depth === 0) setOver(false)
    }
    // A drag that came in before the page listened, or whose enter was lost, is noticed here.
    const hold = (event: DragEvent) => {
      if (!hasFiles(event)) return
      event.preventDefault()
      depth = Math.max(depth, 1)
      setOver(true)
    }
    const drop = (event: DragEvent) => {
      if (!hasFiles(event)) return
      event.preventDefault()
      depth = 0
      setOver(false)
      void filesOf(event.dataTransfer!).then((files) => {
        if (files.length > 0) handler.current(files)
      })
    }
    window.addEventListener('dragenter', enter)
    window.addEventListener('dragleave', leave)
    window.addEventListener('dragover', hold)
    window.addEventListener('drop', drop)
    return () => {
      window.removeEventListener('dragenter', enter)
      window.removeEventListener('dragleave', leave)
      window.removeEventListener('dragover', hold)
      window.removeEventListener('drop', drop)
    }
  }, [])
  return over
}

/** Items of a drop are there only while its event is handled, so both lists are taken before anything is awaited. */
function filesOf(transfer: DataTransfer): Promise<DroppedFile[]> {
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? [])
  const plain = [...transfer.files].map((file) => ({ file, folder: '' }))
  return entries.length > 0 ? filesBelow(entries) : Promise.resolve(plain)
}
