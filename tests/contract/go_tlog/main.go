// Verifies logs of ours, and makes logs for us to verify, with the packages of the Go project's checksum database.
package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

func main() {
	var err error
	switch {
	case len(os.Args) == 4 && os.Args[1] == "verify":
		err = verify(os.Args[2], os.Args[3])
	case len(os.Args) == 5 && os.Args[1] == "make":
		var size int64
		if _, err = fmt.Sscan(os.Args[4], &size); err == nil {
			err = build(os.Args[2], os.Args[3], size)
		}
	default:
		err = fmt.Errorf("expected: verify FOLDER VKEY, or make FOLDER NAME SIZE")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// place is where C2SP tlog-tiles keeps a tile: as x/mod, without the height, and with entries in place of data.
func place(t tlog.Tile) string {
	return strings.Replace(strings.Replace(t.Path(), "tile/8/", "tile/", 1), "tile/data/", "tile/entries/", 1)
}

type folder string

func (f folder) Height() int                                { return height }
func (f folder) SaveTiles(tiles []tlog.Tile, data [][]byte) {}
func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, t := range tiles {
		data, err := os.ReadFile(filepath.Join(string(f), place(t)))
		if err != nil {
			// x/mod asks for the full tile where only a partial one may exist, and the other way round.
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

// head reads the checkpoint, and its text as x/mod has it: the first line is the origin here.
func head(dir, vkey string) (tlog.Tree, error) {
	var tree tlog.Tree
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tree, err
	}
	msg, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return tree, err
	}
	n, err := note.Open(msg, note.VerifierList(verifier))
	if err != nil {
		return tree, err
	}
	lines := strings.SplitN(n.Text, "\n", 2)
	if lines[0] != verifier.Name() {
		return tree, fmt.Errorf("checkpoint is of %q", lines[0])
	}
	return tlog.ParseTree([]byte("go.sum database tree\n" + lines[1]))
}

func verify(dir, vkey string) error {
	tree, err := head(dir, vkey)
	if err != nil {
		return err
	}
	reader := tlog.TileHashReader(tree, folder(dir))
	root, err := tlog.TreeHash(tree.N, reader)
	if err != nil || root != tree.Hash {
		return fmt.Errorf("root %v, signed %v: %v", root, tree.Hash, err)
	}
	for first := int64(0); first < tree.N; first += 1 << height {
		width := tree.N - first
		if width > 1<<height {
			width = 1 << height
		}
		bundle := tlog.Tile{H: height, L: -1, N: first >> height, W: int(width)}
		data, err := os.ReadFile(filepath.Join(dir, place(bundle)))
		if err != nil {
			return err
		}
		for at := int64(0); at < width; at++ {
			size := int(data[0])<<8 | int(data[1])
			entry := data[2 : 2+size]
			data = data[2+size:]
			if at%31 != 0 && first+at != tree.N-1 {
				continue
			}
			proof, err := tlog.ProveRecord(tree.N, first+at, reader)
			if err != nil {
				return err
			}
			if err := tlog.CheckRecord(proof, tree.N, tree.Hash, first+at, tlog.RecordHash(entry)); err != nil {
				return fmt.Errorf("entry %d: %v", first+at, err)
			}
		}
		if len(data) != 0 {
			return fmt.Errorf("%s has %d bytes too many", place(bundle), len(data))
		}
	}
	for old := tree.N; old > 0; old /= 2 {
		proof, err := tlog.ProveTree(tree.N, old, reader)
		if err != nil {
			return err
		}
		oldRoot, err := tlog.TreeHash(old, reader)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, old, oldRoot); err != nil {
			return fmt.Errorf("from %d: %v", old, err)
		}
	}
	fmt.Printf("%d entries\n", tree.N)
	return nil
}

type memory []tlog.Hash

func (m *memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var found []tlog.Hash
	for _, index := range indexes {
		found = append(found, (*m)[index])
	}
	return found, nil
}

// build writes a log of size entries, signed by a key made of the name, and prints the verifier key.
func build(dir, name string, size int64) error {
	seed := sha256.Sum256([]byte(name))
	skey, vkey, err := note.GenerateKey(bytes.NewReader(append(seed[:], seed[:]...)), name)
	if err != nil {
		return err
	}
	var hashes memory
	bundles := map[int64][]byte{}
	for n := int64(0); n < size; n++ {
		entry := []byte(fmt.Sprintf("entry %d of %s", n, name))
		bundles[n>>height] = append(bundles[n>>height], byte(len(entry)>>8), byte(len(entry)))
		bundles[n>>height] = append(bundles[n>>height], entry...)
		stored, err := tlog.StoredHashes(n, entry, &hashes)
		if err != nil {
			return err
		}
		hashes = append(hashes, stored...)
	}
	root, err := tlog.TreeHash(size, &hashes)
	if err != nil {
		return err
	}
	for _, t := range tlog.NewTiles(height, 0, size) {
		data, err := tlog.ReadTileData(t, &hashes)
		if err != nil {
			return err
		}
		if err := write(dir, place(t), data); err != nil {
			return err
		}
	}
	for n, data := range bundles {
		width := size - n<<height
		if width > 1<<height {
			width = 1 << height
		}
		if err := write(dir, place(tlog.Tile{H: height, L: -1, N: n, W: int(width)}), data); err != nil {
			return err
		}
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		return err
	}
	text := name + "\n" + strings.SplitN(string(tlog.FormatTree(tlog.Tree{N: size, Hash: root})), "\n", 2)[1]
	msg, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		return err
	}
	fmt.Println(vkey)
	return write(dir, "checkpoint", msg)
}

func write(dir, path string, data []byte) error {
	full := filepath.Join(dir, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		return err
	}
	return os.WriteFile(full, data, 0o644)
}
