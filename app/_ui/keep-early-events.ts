/** What is kept of the time before a page listens. */
export const earlyTypes = ['keydown', 'click', 'change'] as const

/**
 * Script for the head of every page, which is seen before its code has come: keys, clicks and choices until then are kept
 * for `EarlyEvents`, with what a click made of a box to tick.
 */
export const keepEarlyEvents = `earlyEvents=[];for(const type of ${JSON.stringify(earlyTypes)})addEventListener(type,
event=>{if(window.earlyEvents)earlyEvents.push({event,checked:event.target.checked})},true)`
