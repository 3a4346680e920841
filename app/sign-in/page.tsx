import { SignInForm } from './sign-in-form'

export const dynamic = 'force-dynamic'
export const metadata = { title: 'Sign in' }

/** Where readers of a private server show their token. */
export default async function SignInPage({
  searchParams,
}: {
  searchParams: Promise<{ to?: string | string[] }>
}) {
  const { to } = await searchParams
  return <SignInForm to={ownPath(to)} />
}

/** A path of this server; anything else leads to the list of runs. */
function ownPath(to: string | string[] | undefined): string {
  return typeof to === 'string' && /^\/(?![/\\])/.test(to) ? to : '/'
}
