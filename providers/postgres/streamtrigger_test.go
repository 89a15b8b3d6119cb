package postgres

import (
	"sync"
	"testing"

	"github.com/syncform/syncform/providers"
)

func TestStreamTrigger(t *testing.T) {
	edgeServers(t, func(t *testing.T, version string) {
		from, to := twin(t, version, workloadDDL...)
		if err := work(t.Context(), from, 7, 60, nil); err != nil {
			t.Fatal(err)
		}
		st := startStream(t, from, to, providers.Capture{Method: providers.Trigger}, workloadTables...)
		var all sync.WaitGroup
		for w := range 2 {
			all.Add(1)
			go func() {
				defer all.Done()
				if err := work(t.Context(), from, uint64(w), 250, nil); err != nil {
					t.Error(err)
				}
			}()
		}
		for range 3 {
			st.catchUp()
		}
		all.Wait()
		st.catchUp()
		st.compare()
		t.Logf("%d changes, %d batches by deleting first", st.applied, st.replaced)
	})
}
