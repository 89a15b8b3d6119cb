package sqlite

import "strings"

// captureTrigger begins the names of the triggers that note changes.
const captureTrigger = "_sync_capture_"

func isCaptureTrigger(name string) bool { return strings.HasPrefix(lower(name), captureTrigger) }
