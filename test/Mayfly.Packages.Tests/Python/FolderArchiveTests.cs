using System.Diagnostics;
using Mayfly.Environments.Tests;
using Mayfly.Packages.Python;

namespace Mayfly.Packages.Tests.Python;

/// <summary>A project's folder as an archive: the same bytes for the same project, and nothing that is no part of it.</summary>
public sealed class FolderArchiveTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mayfly-folder-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void What_tools_leave_behind_is_no_part_of_a_project()
    {
        var long_ = $"{new string('ü', 60)}/{new string('b', 120)}.py";
        var files = new Dictionary<string, string> { ["pyproject.toml"] = "x", ["pkg/build/core.py"] = "y", ["pkg/dist/x.py"] = "", [long_] = "z", ["notes.egg-info/mine.txt"] = "own" };
        var one = _folder.CreateSubdirectory("one").FullName;
        SourceProject.Folder(one, files);
        File.CreateSymbolicLink($"{one}/link.toml", "pyproject.toml");
        File.WriteAllText($"{one}/run", "");
        File.SetUnixFileMode($"{one}/run", UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var first = Packed(one);

        // Another clone, by another umask, at another time, in which somebody worked.
        var other = _folder.CreateSubdirectory("other").FullName;
        SourceProject.Folder(other, files);
        SourceProject.Folder(other, new Dictionary<string, string>
        {
            [".git/HEAD"] = "",
            ["pkg/__pycache__/core.cpython-311.pyc"] = "",
            ["pkg/old.pyc"] = "",
            ["some/pyvenv.cfg"] = "",
            ["some/lib/x.py"] = "",
            ["new.egg-info/SOURCES.txt"] = "",
            ["build/lib/new.py"] = "",
            ["build/bdist.linux-x86_64/x"] = "",
            ["dist/new-1.0-py3-none-any.whl"] = "",
            ["dist/new-1.0.tar.gz"] = "",
            [".mypy_cache/x"] = "",
            ["stack.lock"] = "",
            ["pkg/.core.py.swp"] = "",
        });
        Directory.CreateDirectory($"{other}/empty");
        File.CreateSymbolicLink($"{other}/link.toml", "pyproject.toml");
        File.WriteAllText($"{other}/run", "");
        File.SetUnixFileMode($"{other}/run", (UnixFileMode)0b111_111_111);
        File.SetUnixFileMode($"{other}/pyproject.toml", UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Process.Start("mkfifo", [$"{other}/pipe"]).WaitForExit();
        Assert.Equal(first, Packed(other));

        // What is only called so is part of it.
        File.WriteAllText($"{other}/build/backend.py", "");
        Assert.NotEqual(first, Packed(other));
        File.Delete($"{other}/build/backend.py");
        File.WriteAllText($"{other}/dist/notes.txt", "");
        Assert.NotEqual(first, Packed(other));
        File.Delete($"{other}/dist/notes.txt");
        File.SetUnixFileMode($"{other}/run", UnixFileMode.UserRead);
        Assert.NotEqual(first, Packed(other));

        File.WriteAllBytes($"{_folder.FullName}/one.tar", first);
        var back = SourceArchive.Unpack($"{_folder.FullName}/one.tar", "one.tar", _folder.CreateSubdirectory("back").FullName);
        Assert.Equal([.. files.Keys.Append("link.toml").Append("run").Order(StringComparer.Ordinal)], Directory.EnumerateFiles(back, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(back, path)).Order(StringComparer.Ordinal));
        Assert.All(files, file => Assert.Equal(file.Value, File.ReadAllText($"{back}/{file.Key}")));
        Assert.Equal("pyproject.toml", new FileInfo($"{back}/link.toml").LinkTarget);
        Assert.True(File.GetUnixFileMode($"{back}/run").HasFlag(UnixFileMode.UserExecute));
    }

    [Fact]
    public void A_link_that_leads_out_is_told_when_it_is_unpacked()
    {
        SourceProject.Folder(_folder.FullName, new Dictionary<string, string> { ["p/pyproject.toml"] = "x" });
        File.CreateSymbolicLink($"{_folder.FullName}/p/passwd", "/etc/passwd");
        File.WriteAllBytes($"{_folder.FullName}/p.tar", Packed($"{_folder.FullName}/p"));
        var failure = Assert.Throws<MayflyException>(() => SourceArchive.Unpack($"{_folder.FullName}/p.tar", "p.tar", _folder.CreateSubdirectory("back").FullName));
        Assert.Equal("the sources p.tar cannot be used: 'project/passwd' in it is a link that leads out of it, to '/etc/passwd'", failure.Message);
    }

    private static byte[] Packed(string folder)
    {
        var bytes = new MemoryStream();
        FolderArchive.Write(folder, "project", bytes);
        return bytes.ToArray();
    }
}
