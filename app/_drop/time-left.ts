/** "about 2 min left", from the share done and the time it took; '' while there is too little to tell. */
export function timeLeft(share: number, elapsedMs: number): string {
  if (share < 0.03 || elapsedMs < 2000) return ''
  const seconds = (elapsedMs * (1 - share)) / share / 1000
  if (seconds < 10) return 'a few seconds left'
  if (seconds < 90) return `about ${Math.ceil(seconds / 10) * 10} s left`
  return `about ${Math.ceil(seconds / 60)} min left`
}
