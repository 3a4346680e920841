/** Image sets a configuration can name: the packaged ones, and folders of images. */
import { InputError } from '../../tensor/error'
import { loadFolder } from './image-folder'
import { loadPackaged, packagedSets } from './packages'
import type { Images, Split } from './pictures'

export const imageSets = [...packagedSets, 'folder'] as const
export type ImageSet = (typeof imageSets)[number]

/** A set by name; `path` and `size` for 'folder': the images below it, cropped and resized to size x size. */
export type ImageSource = { set: ImageSet; path?: string; size?: number }

/**
 * Reads one split of a set; packages are kept in `folder`. Throws an InputError for images that cannot be had or are not
 * what they should be.
 */
export async function loadImages(source: ImageSource, split: Split, folder: string): Promise<Images> {
  const { set, path, size } = source
  if (set !== 'folder') return loadPackaged(set, split, folder)
  if (path !== undefined && size !== undefined) return loadFolder(path, size, split)
  throw new InputError({
    file: 'data',
    item: path === undefined ? 'path' : 'size',
    problem: 'a folder of images needs a path and the size its images are brought to',
    remedy: 'Write both beside "set": "folder".',
  })
}
