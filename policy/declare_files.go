package policy

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// ReadSchema reads the files of a schema: each path is a file, a folder, or a
// pattern of [filepath.Glob]. Files come in the order of the paths, those of a
// folder or a pattern in the order of their names. As sqlc has it, folders and
// patterns give the files whose names end in .sql, except hidden ones and the
// *.down.sql of golang-migrate; folders in folders are not looked into. The
// error names every path that cannot be read, or that gives no file, and two
// files of a folder of which their numbers say another order than their names:
// tools for migrations do not agree which is the one.
func ReadSchema(paths ...string) ([]SchemaFile, error) {
	var (
		files    []SchemaFile
		mistakes []error
	)
	if len(paths) == 0 {
		return nil, errors.New("moneyclip: schema: no path is given")
	}
	for _, path := range paths {
		names, err := schemaNames(path)
		if err == nil && len(names) == 0 {
			err = fmt.Errorf("%q: no file there whose name ends in .sql", path)
		}
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("moneyclip: schema: %w", err))
		}
		if before, after := disordered(names); before != "" {
			mistakes = append(mistakes, fmt.Errorf("moneyclip: schema: %q: the order of %s and %s is not clear: write their numbers with as many digits, or name the files in the order in which they are run",
				path, before, after))
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				mistakes = append(mistakes, fmt.Errorf("moneyclip: schema: %w", err))
				continue
			}
			files = append(files, SchemaFile{Name: name, Text: strings.TrimPrefix(string(text), "\ufeff")})
		}
	}
	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}
	return files, nil
}

// schemaNames returns the files that a path stands for.
func schemaNames(path string) ([]string, error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.IsDir():
		return []string{path}, nil
	case err == nil:
		return schemaFolder(path)
	case !strings.ContainsAny(path, "*?["):
		return nil, err
	}
	matches, err := filepath.Glob(path)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", path, err)
	}
	var names []string
	for _, match := range matches {
		info, err := os.Stat(match)
		switch {
		case err != nil:
			return nil, err
		case info.IsDir():
			inside, err := schemaFolder(match)
			if err != nil {
				return nil, err
			}
			names = append(names, inside...)
		case isSchemaFile(match):
			names = append(names, match)
		}
	}
	return names, nil
}

func schemaFolder(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() && isSchemaFile(e.Name()) {
			names = append(names, filepath.Join(path, e.Name()))
		}
	}
	return names, nil
}

func isSchemaFile(name string) bool {
	name = filepath.Base(name)
	return strings.HasSuffix(name, ".sql") && !strings.HasSuffix(name, ".down.sql") && !strings.HasPrefix(name, ".")
}

// disordered returns two files that follow each other, one of which has the
// greater number before its name; empty where there are none such.
func disordered(names []string) (before, after string) {
	for i := 1; i < len(names); i++ {
		a, b := filepath.Base(names[i-1]), filepath.Base(names[i])
		m, n := fileNumber(a), fileNumber(b)
		if filepath.Dir(names[i-1]) == filepath.Dir(names[i]) && m != "" && n != "" && (len(m) > len(n) || len(m) == len(n) && m > n) {
			return a, b
		}
	}
	return "", ""
}

// fileNumber returns the digits before a name (or behind the V of Flyway),
// without leading zeros but for one.
func fileNumber(name string) string {
	name = strings.TrimPrefix(name, "V")
	digits := name[:len(name)-len(strings.TrimLeft(name, "0123456789"))]
	if digits == "" {
		return ""
	}
	return "0" + strings.TrimLeft(digits, "0")
}
