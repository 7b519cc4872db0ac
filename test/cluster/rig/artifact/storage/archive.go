package storage

import (
	"archive/tar"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/fluxcd/pkg/apis/meta"
	"github.com/fluxcd/pkg/sourceignore"
	"github.com/fluxcd/pkg/sourceignore/gitignore"
	fluxtar "github.com/fluxcd/pkg/tar"
)

// ArchiveFileFilter tells whether a file or directory is left out.
type ArchiveFileFilter func(path string, info os.FileInfo) bool

// SourceIgnoreFilter leaves out what the ignore patterns, after Flux's default ones, match.
func SourceIgnoreFilter(patterns []gitignore.Pattern, domain []string) ArchiveFileFilter {
	matcher := sourceignore.NewDefaultMatcher(patterns, domain)
	return func(path string, info os.FileInfo) bool {
		return matcher.Match(strings.Split(path, string(filepath.Separator)), info.IsDir())
	}
}

// Archive stores a directory as a tar.gz. Headers carry no owner and no time, so equal content has an equal digest.
// Links and devices are left out, as the real one does.
func (s *Storage) Archive(artifact *meta.Artifact, dir string, leftOut ArchiveFileFilter) error {
	return s.write(artifact, func(w io.Writer) error {
		zip := gzip.NewWriter(w)
		archive := tar.NewWriter(zip)
		err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := entry.Info()
			if err != nil {
				return err
			}
			if leftOut != nil && leftOut(name, info) || !info.Mode().IsRegular() && !info.IsDir() {
				return nil
			}
			relative, err := filepath.Rel(dir, name)
			if err != nil {
				return err
			}
			return add(archive, name, filepath.ToSlash(relative), info)
		})
		if err != nil {
			return err
		}
		if err := archive.Close(); err != nil {
			return err
		}
		return zip.Close()
	})
}

func add(archive *tar.Writer, name, relative string, info os.FileInfo) error {
	header := &tar.Header{Name: relative, Mode: 0o600, Typeflag: tar.TypeReg, Size: info.Size()}
	if info.Mode()&0o111 != 0 {
		header.Mode = 0o700
	}
	if info.IsDir() {
		header.Typeflag, header.Size, header.Name = tar.TypeDir, 0, relative+"/"
	}
	if err := archive.WriteHeader(header); err != nil || info.IsDir() {
		return err
	}
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(archive, file)
	return err
}

// CopyToPath unpacks a part of an artifact into a directory (a GitRepository's spec.include).
func (s *Storage) CopyToPath(artifact *meta.Artifact, part, to string) error {
	file, err := os.Open(s.LocalPath(*artifact))
	if err != nil {
		return err
	}
	defer file.Close()
	unpacked, err := os.MkdirTemp("", "include-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(unpacked)
	if err := fluxtar.Untar(file, unpacked, fluxtar.WithMaxUntarSize(-1)); err != nil {
		return err
	}
	root, err := os.OpenRoot(unpacked)
	if err != nil {
		return err
	}
	defer root.Close()
	from, err := fs.Sub(root.FS(), filepath.ToSlash(filepath.Clean("./"+part)))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	return os.CopyFS(to, from)
}
