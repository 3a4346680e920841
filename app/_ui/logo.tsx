/** The sign function in a circle, in the current colour. */
export function Logo({ size = 22 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor" aria-hidden>
      <circle cx={12} cy={12} r={10.6} strokeWidth={1.8} />
      <path d="M5.5 16.4H12V7.6h6.5" strokeWidth={2.2} strokeLinejoin="round" />
    </svg>
  )
}
