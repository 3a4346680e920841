/** Runs once when the server starts: uploads that were queued when it ended are diagnosed now. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const { awaitsDiagnosis } = await import('./lib/store/uploads')
  const { diagnoseSoon } = await import('./app/api/v1/_diagnosis')
  if (await awaitsDiagnosis()) diagnoseSoon()
}
