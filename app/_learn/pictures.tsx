'use client'

import type { ComponentType } from 'react'
import { ErrorPicture } from './error-picture'
import type { PictureName } from './glossary'
import { LrmPicture } from './lrm-picture'
import { LsqPicture } from './lsq-picture'
import { ProgressivePicture } from './progressive-picture'
import { StePicture } from './ste-picture'
import { EbbPicture, WeightsPicture } from './weights-picture'

const pictures: Record<PictureName, ComponentType> = {
  weights: WeightsPicture,
  ste: StePicture,
  ebb: EbbPicture,
  lsq: LsqPicture,
  lrm: LrmPicture,
  progressive: ProgressivePicture,
  error: ErrorPicture,
}

/** The live picture of a term. */
export function Picture({ name }: { name: PictureName }) {
  const Live = pictures[name]
  return (
    <div className="live-picture">
      <Live />
    </div>
  )
}
