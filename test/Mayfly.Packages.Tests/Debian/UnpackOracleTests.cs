using System.Diagnostics;
using System.Security.Cryptography;
using Mayfly.Packages.Archives;
using Mayfly.Packages.Debian;

namespace Mayfly.Packages.Tests.Debian;

/// <summary>Real packages of the host's own archive, against dpkg-deb.</summary>
[Trait("needs", "oracle")]
[Trait("needs", "root")]
public sealed class UnpackOracleTests : IDisposable
{
    private readonly TemporaryStore _temporary = new();

    public void Dispose() => _temporary.Dispose();

    // perl-base: hard links; passwd: set-id bits; tzdata: thousands of small files and links; base-files: folders of special modes.
    [Theory]
    [InlineData("perl-base")]
    [InlineData("passwd")]
    [InlineData("tzdata")]
    [InlineData("base-files")]
    [InlineData("man-db")]
    [InlineData("libc6")]
    public async Task Every_name_is_as_dpkg_deb_extracts_it(string name)
    {
        var download = Directory.CreateDirectory(Path.Combine(_temporary.Folder, "download")).FullName;
        Run(download, "apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", name);
        var deb = Assert.Single(Directory.GetFiles(download, "*.deb"));
        var (tree, control) = (Path.Combine(_temporary.Folder, "tree"), Path.Combine(_temporary.Folder, "control"));
        Run(download, "dpkg-deb", "-x", deb, tree);
        Run(download, "dpkg-deb", "-e", deb, control);

        var package = _temporary.Add(name, await File.ReadAllBytesAsync(deb));
        var unpacked = Assert.Single(await Unpack.AllAsync(_temporary.Store, [package]));

        var manifest = unpacked.ReadManifest();
        Assert.True(manifest.OwnersApplied);
        Assert.Equal(
            Lines(download, "sh", "-c", $"dpkg-deb --fsys-tarfile {deb} | tar -t").Select(static line => line.Trim('/')[1..].TrimStart('/')),
            manifest.Entries.Select(static entry => entry.Path));
        var theirs = Stat(tree, manifest.Entries.Select(static entry => entry.Path));
        foreach (var (entry, their) in manifest.Entries.Zip(theirs))
            Assert.Equal(their, Ours(entry));
        var contents = manifest.Entries.Where(static entry => entry.Type == EntryType.File).ToArray();
        foreach (var (entry, ours) in contents.Zip(Stat(unpacked.FilesFolder, contents.Select(static entry => $"{entry.Content}"))))
        {
            Assert.Equal(Ours(entry), ours);
            Assert.Equal(entry.Md5Text, Convert.ToHexStringLower(MD5.HashData(File.ReadAllBytes(unpacked.ContentOf(entry)))));
            Assert.Equal(File.ReadAllBytes(Path.Combine(tree, entry.Path)), File.ReadAllBytes(unpacked.ContentOf(entry)));
        }

        foreach (var hard in manifest.Entries.Where(static entry => entry.Type == EntryType.HardLink))
            Assert.Equal(Inode(tree, hard.Target), Inode(tree, hard.Path));
        var members = Directory.GetFiles(control).Select(Path.GetFileName).Order(StringComparer.Ordinal).ToArray();
        Assert.Equal(members, Directory.GetFiles(unpacked.ControlFolder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(Stat(control, members!), Stat(unpacked.ControlFolder, members!));
        Assert.All(members, member => Assert.Equal(File.ReadAllBytes(Path.Combine(control, member!)), File.ReadAllBytes(Path.Combine(unpacked.ControlFolder, member!))));

        string Ours(ManifestEntry entry)
        {
            // A hard link's inode is its target's.
            var inode = entry.Type == EntryType.HardLink ? manifest.Entries.Single(one => one.Path == entry.Target) : entry;
            var (kind, bits) = inode.Type switch { EntryType.Directory => ("directory", inode.Mode), EntryType.SymbolicLink => ("symbolic link", 0x1FF), _ when inode.Size == 0 => ("regular empty file", inode.Mode), _ => ("regular file", inode.Mode) };
            var size = inode.Type switch { EntryType.Directory => "", EntryType.SymbolicLink => "", _ => $"{inode.Size}" };
            // Of folders the time is that of whatever was extracted into them last.
            var time = inode.Type == EntryType.Directory ? "" : $"{inode.Time}";
            return $"{kind} {Convert.ToString(bits, 8)} {inode.UserId}:{inode.GroupId} {time} {size}{inode.Target}";
        }
    }

    private static string Inode(string tree, string path) => Lines(tree, "stat", "-c", "%i", "./" + path)[0];

    private static string[] Stat(string folder, IEnumerable<string> paths)
    {
        var lines = new List<string>();
        foreach (var chunk in paths.Chunk(500))
        {
            lines.AddRange(Lines(folder, "stat", ["-c", "%F %a %u:%g %Y %s %n", .. chunk.Select(static path => "./" + path)]).Select(line =>
            {
                var kind = line.StartsWith("directory", StringComparison.Ordinal) ? "directory"
                    : line.StartsWith("symbolic link", StringComparison.Ordinal) ? "symbolic link"
                    : line.StartsWith("regular empty file", StringComparison.Ordinal) ? "regular empty file" : "regular file";
                var fields = line[(kind.Length + 1)..].Split(' ', 5);
                var last = kind switch
                {
                    "directory" => "",
                    "symbolic link" => new FileInfo(Path.Combine(folder, fields[4])).LinkTarget,
                    _ => fields[3],
                };
                var time = kind == "directory" ? "" : fields[2];
                return $"{kind} {fields[0]} {fields[1]} {time} {last}";
            }));
        }

        return [.. lines];
    }

    private static void Run(string folder, string program, params string[] arguments) => Lines(folder, program, arguments);

    private static string[] Lines(string folder, string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
