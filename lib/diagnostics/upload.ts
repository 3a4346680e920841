/** The record of one checkpoint that a store takes, built alike by the CLI, the demo and the browser. */
import { bitsLabel, type Manifest } from '../record/precision'
import type { CheckpointUpload, Diagnosis, SampleSet } from '../record/run'
import type { Checkpoint } from '../unet/checkpoint'

/** A checkpoint file as stored: the name its owner knows it by, its hash (hex) and length. */
export type FileFacts = { name: string; sha256: string; bytes: number }

/** What an upload says of a checkpoint: all of it is known without its weights. */
export type Described = Pick<Checkpoint, 'about' | 'manifest'>

export type UploadParts = {
  checkpoint: Described
  file: FileFacts
  /** The teacher it was diagnosed against; `run` names the teacher's run if that is not what the checkpoint says. */
  teacher: { checkpoint: Described; file: FileFacts; run?: string } | null
  diagnosis: Diagnosis
  samples: SampleSet | null
  /** Name of the run if the owner chose one. */
  run?: string
}

/** The upload. A checkpoint with a teacher, or that says so or has binarized layers, is a student. */
export function buildUpload({
  checkpoint,
  file,
  teacher,
  diagnosis,
  samples,
  run,
}: UploadParts): CheckpointUpload {
  const { about, manifest } = checkpoint
  const role =
    teacher || about.role === 'student' || binarizedMethods(manifest).length > 0 ? 'student' : 'teacher'
  return {
    run: {
      name: runName(checkpoint, file, run),
      role,
      teacher: teacher && runName(teacher.checkpoint, teacher.file, teacher.run),
      method: role === 'teacher' ? 'teacher' : methodLabel(manifest),
      bits: bitsLabel(manifest),
      settings: about.settings,
    },
    step: about.step,
    fileName: file.name,
    sha256: file.sha256,
    bytes: file.bytes,
    teacherSha256: teacher?.file.sha256 ?? validHash(about.teacherSha256),
    diagnosis: {
      ...diagnosis,
      assumptions: [...diagnosis.assumptions, ...teacherDoubts(checkpoint, teacher)],
    },
    samples,
  }
}

/** The name the owner chose, else what the checkpoint says, else the file's name without folder and ending. */
export function runName(
  { about }: { about: Pick<Checkpoint['about'], 'run'> },
  file: FileFacts,
  chosen?: string,
): string {
  const stem = file.name.replace(/^.*[\\/]/, '').replace(/(?<=.)\.(safetensors|ckpt|pth|pt|bin|zip)$/i, '')
  return (chosen?.trim() || about.run || stem || 'checkpoint').slice(0, 120)
}

/** 'lmb', 'sign', ...; 'lmb + sign' if layers differ, 'fp' if none is binarized. */
export function methodLabel(manifest: Manifest): string {
  return binarizedMethods(manifest).join(' + ') || 'fp'
}

function binarizedMethods(manifest: Manifest): string[] {
  const methods = Object.values(manifest).flatMap(({ method, bases }) => (bases > 0 ? [method] : []))
  return [...new Set(methods)].sort()
}

/** A student that names another teacher file than the one it was measured against. */
function teacherDoubts({ about }: Described, teacher: UploadParts['teacher']): string[] {
  const named = validHash(about.teacherSha256)
  if (!teacher || !named || named === teacher.file.sha256) return []
  return [
    `measured against ${teacher.file.name}, which is not the file it was trained from (sha256 ${named.slice(0, 12)}...)`,
  ]
}

function validHash(hash: string | null): string | null {
  return hash !== null && /^[0-9a-f]{64}$/.test(hash) ? hash : null
}
