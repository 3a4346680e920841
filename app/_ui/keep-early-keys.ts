/** Script for the head of every page: keys pressed before the page listens are kept for `EarlyKeys`. */
export const keepEarlyKeys = `earlyKeys=[];addEventListener('keydown',function keep(e){
if(window.earlyKeys)earlyKeys.push(e);else removeEventListener('keydown',keep)})`
