// Package storage keeps artifacts in a directory, at <kind>/<namespace>/<name>/<file>.
package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/fluxcd/pkg/apis/meta"
	"github.com/fluxcd/pkg/artifact/config"
	"github.com/fluxcd/pkg/artifact/digest"
	godigest "github.com/opencontainers/go-digest"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Storage is one directory of artifacts and the address that they are served at.
type Storage struct {
	basePath string
	hostname string
	ttl      time.Duration
	records  int
	// locks holds a mutex for each object's directory: two reconciles of one object must not write at once.
	locks sync.Map
}

// New checks that the directory is there and answers the storage.
func New(options *config.Options) (*Storage, error) {
	info, err := os.Stat(options.StoragePath)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("storage path %s is no directory", options.StoragePath)
	}
	hostname := options.StorageAdvAddress
	if hostname == "" {
		hostname = options.StorageAddress
	}
	return &Storage{
		basePath: options.StoragePath,
		hostname: hostname,
		ttl:      options.ArtifactRetentionTTL,
		records:  options.ArtifactRetentionRecords,
	}, nil
}

// NewArtifactFor names the place of an artifact; nothing is written.
func (s *Storage) NewArtifactFor(kind string, object metav1.Object, revision, file string) meta.Artifact {
	artifact := meta.Artifact{
		Path:     path.Join(strings.ToLower(kind), object.GetNamespace(), object.GetName(), file),
		Revision: revision,
	}
	s.SetArtifactURL(&artifact)
	return artifact
}

// SetArtifactURL gives the artifact its address.
func (s *Storage) SetArtifactURL(artifact *meta.Artifact) {
	if artifact == nil || artifact.Path == "" {
		return
	}
	host := s.hostname
	if !strings.Contains(host, "://") {
		host = "http://" + host
	}
	artifact.URL = strings.TrimSuffix(host, "/") + "/" + strings.TrimPrefix(artifact.Path, "/")
}

// SetHostname answers the address with this storage's host.
func (s *Storage) SetHostname(address string) string {
	parsed, err := url.Parse(address)
	if err != nil {
		return ""
	}
	parsed.Host = s.hostname
	return parsed.String()
}

// LocalPath answers the artifact's file, or nothing when its path leads out of the storage.
func (s *Storage) LocalPath(artifact meta.Artifact) string {
	if artifact.Path == "" || !filepath.IsLocal(filepath.FromSlash(artifact.Path)) {
		return ""
	}
	return filepath.Join(s.basePath, filepath.FromSlash(artifact.Path))
}

// ArtifactExist tells whether the artifact's file is there as a regular file.
func (s *Storage) ArtifactExist(artifact meta.Artifact) bool {
	info, err := os.Lstat(s.LocalPath(artifact))
	return err == nil && info.Mode().IsRegular()
}

// VerifyArtifact hashes the artifact's file again.
func (s *Storage) VerifyArtifact(artifact meta.Artifact) error {
	expected, err := godigest.Parse(artifact.Digest)
	if err != nil {
		return err
	}
	file, err := os.Open(s.LocalPath(artifact))
	if err != nil {
		return err
	}
	defer file.Close()
	verifier := expected.Verifier()
	if _, err := io.Copy(verifier, file); err != nil {
		return err
	}
	if !verifier.Verified() {
		return fmt.Errorf("artifact %s does not match its digest %s", artifact.Path, artifact.Digest)
	}
	return nil
}

// MkdirAll makes the artifact's directory.
func (s *Storage) MkdirAll(artifact meta.Artifact) error {
	return os.MkdirAll(filepath.Dir(s.LocalPath(artifact)), 0o700)
}

// Lock waits for the artifact's directory and answers how to give it back.
func (s *Storage) Lock(artifact meta.Artifact) (func(), error) {
	if s.LocalPath(artifact) == "" {
		return nil, errors.New("the artifact has no path")
	}
	lock, _ := s.locks.LoadOrStore(filepath.Dir(s.LocalPath(artifact)), &sync.Mutex{})
	lock.(*sync.Mutex).Lock()
	return lock.(*sync.Mutex).Unlock, nil
}

// Copy stores what the reader gives and fills in digest, size and time.
func (s *Storage) Copy(artifact *meta.Artifact, reader io.Reader) error {
	return s.write(artifact, func(w io.Writer) error {
		_, err := io.Copy(w, reader)
		return err
	})
}

// CopyFromPath stores a file.
func (s *Storage) CopyFromPath(artifact *meta.Artifact, from string) error {
	file, err := os.Open(from)
	if err != nil {
		return err
	}
	defer file.Close()
	return s.Copy(artifact, file)
}

// write fills a temporary file and renames it into place, so that no reader sees half an artifact.
func (s *Storage) write(artifact *meta.Artifact, fill func(io.Writer) error) error {
	target := s.LocalPath(*artifact)
	file, err := os.CreateTemp(filepath.Dir(target), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	digester := digest.Canonical.Digester()
	if err := fill(io.MultiWriter(file, digester.Hash())); err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	if err := os.Chmod(file.Name(), 0o600); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), target); err != nil {
		return err
	}
	size := info.Size()
	artifact.Digest = digester.Digest().String()
	artifact.LastUpdateTime = metav1.Now()
	artifact.Size = &size
	return nil
}

// Symlink points a name beside the artifact at it and answers the link's address.
func (s *Storage) Symlink(artifact meta.Artifact, name string) (string, error) {
	target := s.LocalPath(artifact)
	link := filepath.Join(filepath.Dir(target), name)
	fresh := link + ".new"
	_ = os.Remove(fresh)
	if err := os.Symlink(filepath.Base(target), fresh); err != nil {
		return "", err
	}
	if err := os.Rename(fresh, link); err != nil {
		return "", err
	}
	linked := meta.Artifact{Path: path.Join(path.Dir(artifact.Path), name)}
	s.SetArtifactURL(&linked)
	return linked.URL, nil
}

// Remove deletes the artifact's file.
func (s *Storage) Remove(artifact meta.Artifact) error {
	return os.Remove(s.LocalPath(artifact))
}

// RemoveAll deletes the object's directory and answers it when there was one.
func (s *Storage) RemoveAll(artifact meta.Artifact) (string, error) {
	dir := filepath.Dir(s.LocalPath(artifact))
	if _, err := os.Stat(dir); err != nil {
		return "", nil
	}
	return dir, os.RemoveAll(dir)
}

// GarbageCollect deletes the object's older artifacts: those past the time and those beyond the number to keep.
func (s *Storage) GarbageCollect(_ context.Context, artifact meta.Artifact, _ time.Duration) ([]string, error) {
	current := s.LocalPath(artifact)
	entries, err := os.ReadDir(filepath.Dir(current))
	if err != nil {
		return nil, err
	}
	type old struct {
		file string
		time time.Time
	}
	var files []old
	for _, entry := range entries {
		info, err := entry.Info()
		file := filepath.Join(filepath.Dir(current), entry.Name())
		if err == nil && info.Mode().IsRegular() && file != current {
			files = append(files, old{file, info.ModTime()})
		}
	}
	sort.Slice(files, func(i, j int) bool { return files[i].time.After(files[j].time) })
	var deleted []string
	for i, file := range files {
		// The current artifact is one of the records.
		if time.Since(file.time) > s.ttl || i+1 >= s.records {
			if err := os.Remove(file.file); err != nil {
				return deleted, err
			}
			deleted = append(deleted, file.file)
		}
	}
	return deleted, nil
}
