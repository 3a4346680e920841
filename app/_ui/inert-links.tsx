'use client'

import { useEffect } from 'react'

/** In an anonymous view the links of the page would lead to runs by names they do not have: they become plain words. */
export function InertLinks() {
  useEffect(() => {
    const content = document.getElementById('content')
    if (!content) return
    const disarm = () => {
      for (const link of content.querySelectorAll('a[href^="/"]')) link.removeAttribute('href')
    }
    const observer = new MutationObserver(disarm)
    observer.observe(content, { subtree: true, childList: true, attributes: true, attributeFilter: ['href'] })
    disarm()
    return () => observer.disconnect()
  }, [])
  return null
}
