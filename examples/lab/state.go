//go:build linux

package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Each node has a folder, whose lock is held by whoever wants the node: the process that started it or, of a kept node,
// the node's own keeper. A folder whose lock nobody holds is stale, and anyone may clear it away.
//
// The folder of all nodes has a lock as well. It is held while a node's folder is made or cleared away, and while a
// subnet is chosen.

// Info is a node as List sees it.
type Info struct {
	Name  string `json:"name"`
	Shape string `json:"shape"`
	Addr  string `json:"addr"`
	Stale bool   `json:"-"` // nobody wants it any more; Reap ends it
}

func nodesDir() (string, error) { return cacheDir("nodes") }

func lockNodes(nodes string) (*os.File, error) { return lock(filepath.Join(nodes, ".lock")) }

// claim makes the folder of a new node and takes its lock.
func claim(name string) (*Node, error) {
	nodes, err := nodesDir()
	if err != nil {
		return nil, err
	}
	all, err := lockNodes(nodes)
	if err != nil {
		return nil, err
	}
	defer all.Close()
	dir := filepath.Join(nodes, name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot make node %s: %w", name, err)
	}
	held, err := tryLock(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, fmt.Errorf("cannot claim node %s: %w", name, err)
	}
	login := Login{Port: 22, User: User, KeyFile: filepath.Join(dir, "key"), dir: dir}
	return &Node{Login: login, Name: name, held: held}, nil
}

// connect makes the node's network, one node at a time, so that no two get the same subnet.
func (n *Node) connect() (subnet, error) {
	all, err := lockNodes(filepath.Dir(n.dir))
	if err != nil {
		return subnet{}, err
	}
	defer all.Close()
	return makeNetwork(filepath.Join(n.dir, "netns"), n.Name)
}

// save writes down what List tells.
func (n *Node) save() error {
	data, err := json.Marshal(Info{Name: n.Name, Shape: n.Shape, Addr: n.Addr})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(n.dir, "node.json"), data, 0o600); err != nil {
		return fmt.Errorf("cannot write down node %s: %w", n.Name, err)
	}
	return nil
}

// Close ends the node and removes all traces of it. It may be called again.
func (n *Node) Close() error {
	all, err := lockNodes(filepath.Dir(n.dir))
	if err != nil {
		return err
	}
	defer all.Close()
	defer n.held.Close()
	return teardown(n.dir)
}

// teardown removes a node, however far it came, and is told nothing but its folder: so it also does for a node whose
// owner died. The caller holds the lock of all nodes.
func teardown(dir string) error {
	name := filepath.Base(dir)
	c := container{name: name, dir: dir}
	if err := c.end(); err != nil {
		return err
	}
	err := errors.Join(removeLink(name), unmountBelow(dir))
	if err != nil {
		return fmt.Errorf("cannot remove node %s: %w", name, err)
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("cannot remove node %s: %w", name, err)
	}
	return nil
}

// List lists the nodes on this machine, by name.
func List() ([]Info, error) {
	nodes, err := nodesDir()
	if err != nil {
		return nil, err
	}
	var infos []Info
	err = eachNode(nodes, func(dir string, stale bool) error {
		info := Info{Name: filepath.Base(dir)}
		// Absent while a node is being built.
		if data, err := os.ReadFile(filepath.Join(dir, "node.json")); err == nil {
			if err := json.Unmarshal(data, &info); err != nil {
				return fmt.Errorf("cannot read node %s: %w", info.Name, err)
			}
		}
		info.Stale = stale
		infos = append(infos, info)
		return nil
	})
	return infos, err
}

// Down ends a node by name, whoever started it.
func Down(name string) error {
	nodes, err := nodesDir()
	if err != nil {
		return err
	}
	found := false
	err = eachNode(nodes, func(dir string, _ bool) error {
		if filepath.Base(dir) != name {
			return nil
		}
		found = true
		return teardown(dir)
	})
	if err == nil && !found {
		err = fmt.Errorf("cannot find node %q", name)
	}
	return err
}

// Reap ends the nodes whose owners died without closing them.
func Reap() error {
	nodes, err := nodesDir()
	if err != nil {
		return err
	}
	return eachNode(nodes, func(dir string, stale bool) error {
		if !stale {
			return nil
		}
		return teardown(dir)
	})
}

// eachNode calls f for each node's folder, with the lock of all nodes held, and goes on after an error.
func eachNode(nodes string, f func(dir string, stale bool) error) error {
	all, err := lockNodes(nodes)
	if err != nil {
		return err
	}
	defer all.Close()
	entries, err := os.ReadDir(nodes)
	if err != nil {
		return fmt.Errorf("cannot list nodes: %w", err)
	}
	var errs []error
	for _, e := range slices.DeleteFunc(entries, func(e os.DirEntry) bool { return !e.IsDir() }) {
		dir := filepath.Join(nodes, e.Name())
		stale, err := isStale(dir)
		if err == nil {
			err = f(dir, stale)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// isStale says whether nobody holds the lock of a node's folder.
func isStale(dir string) (bool, error) {
	held, err := tryLock(filepath.Join(dir, "lock"))
	if errors.Is(err, errLocked) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, held.Close()
}
