using System.Buffers.Text;
using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace Mayfly.Benchmarks;

/// <summary>An index of wheels in a folder, as a web server gives it: pages with digests, and each wheel's metadata beside it (PEP 503, 658).</summary>
internal sealed class PythonWheels(string folder)
{
    private readonly Dictionary<string, StringBuilder> _pages = [];

    public int Count { get; private set; }

    public int Files { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Adds a wheel of what a Debian package has of a project.</summary>
    public async Task AddAsync(string package, string archive, string project, string version, string[] requires, CancellationToken cancellationToken)
    {
        var tree = $"{folder}/.{package}";
        Directory.CreateDirectory(folder);
        await Outside.RunAsync(["dpkg-deb", "--extract", archive, tree], cancellationToken);
        var root = $"{tree}/usr/lib/python3/dist-packages";
        Add(project, version, requires, [.. Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Where(static path => !path.Split('/').Any(static part => part.EndsWith("-info", StringComparison.Ordinal)) && new FileInfo(path).ResolveLinkTarget(true) is null or { Exists: true })
            .Select(path => (Path.GetRelativePath(root, path), File.ReadAllBytes(path)))]);
    }

    /// <summary>A hundred wheels of two hundred files each, as long as source files are; each needs the next.</summary>
    public void AddLarge()
    {
        var random = new Random(5);
        const int Wheels = 100, Modules = 200;
        int[] lengths = [200, 1_000, 3_000, 8_000, 20_000];
        for (var at = 0; at < Wheels; at++)
            Add($"big{at:000}", "1.0", at < Wheels - 1 ? [$"big{at + 1:000}"] : [], [.. Enumerable.Range(0, Modules).Select(module => ($"big{at:000}/p{module / 20}/m{module}.py", Text(random, lengths[random.Next(lengths.Length)])))]);
    }

    /// <summary>
    /// A hundred projects of ten versions each. Every version but the oldest wants some of the projects after it in a range, and the newest of every fifth wants what the newest of its neighbour forbids,
    /// so that a resolver which takes the newest first has to go back again and again.
    /// </summary>
    public void AddGraph()
    {
        const int Projects = 100, Versions = 10;
        var random = new Random(7);
        for (var at = 0; at < Projects; at++)
        {
            for (var version = 1; version <= Versions; version++)
            {
                List<string> requires = [];
                for (var i = 1; i <= 3 && at + i < Projects; i++)
                    requires.Add($"node{at + i:000}>={Math.Max(1, version - 2 - random.Next(4))}");
                if (at % 5 == 0 && version > 8 && at + 9 < Projects)
                    requires.Add($"node{at + 9:000}<=4");
                if (at % 5 == 4 && version > 8 && at + 5 < Projects)
                    requires.Add($"node{at + 5:000}>=6");
                Add($"node{at:000}", $"{version}.0", [.. requires], [($"node{at:000}.py", "x = 1\n"u8.ToArray())]);
            }
        }
    }

    /// <summary>Writes the pages.</summary>
    public void Write()
    {
        foreach (var (project, page) in _pages)
        {
            Directory.CreateDirectory($"{folder}/{project}");
            File.WriteAllText($"{folder}/{project}/index.html", $"<!DOCTYPE html><html><body>\n{page}</body></html>\n");
        }
    }

    private void Add(string project, string version, string[] requires, (string Path, byte[] Contents)[] files)
    {
        var (information, name) = ($"{project}-{version}.dist-info", $"{project}-{version}-py3-none-any.whl");
        var metadata = Encoding.UTF8.GetBytes($"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n{string.Concat(requires.Select(static one => $"Requires-Dist: {one}\n"))}");
        (string Path, byte[] Contents)[] all = [.. files, ($"{information}/METADATA", metadata), ($"{information}/WHEEL", "Wheel-Version: 1.0\nGenerator: measured\nRoot-Is-Purelib: true\nTag: py3-none-any\n"u8.ToArray())];
        var record = string.Concat(all.Select(static file => string.Create(CultureInfo.InvariantCulture, $"{file.Path},sha256={Base64Url.EncodeToString(SHA256.HashData(file.Contents))},{file.Contents.Length}\n"))) + $"{information}/RECORD,,\n";
        Directory.CreateDirectory($"{folder}/files");
        using (var zip = new ZipArchive(File.Create($"{folder}/files/{name}"), ZipArchiveMode.Create))
        {
            foreach (var (path, contents) in all.Append(($"{information}/RECORD", Encoding.UTF8.GetBytes(record))))
            {
                using var entry = zip.CreateEntry(path, CompressionLevel.Fastest).Open();
                entry.Write(contents);
            }
        }

        File.WriteAllBytes($"{folder}/files/{name}.metadata", metadata);
        if (!_pages.TryGetValue(project, out var page))
            _pages.Add(project, page = new StringBuilder());
        page.Append($"<a href=\"../files/{name}#sha256={Hash(File.ReadAllBytes($"{folder}/files/{name}"))}\" data-core-metadata=\"sha256={Hash(metadata)}\" data-dist-info-metadata=\"sha256={Hash(metadata)}\">{name}</a>\n");
        (Count, Files, Bytes) = (Count + 1, Files + all.Length + 1, Bytes + all.Sum(static file => (long)file.Contents.Length));
    }

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static byte[] Text(Random random, int length)
    {
        var text = new StringBuilder("\"\"\"A module.\"\"\"\n");
        while (text.Length < length)
            text.Append(CultureInfo.InvariantCulture, $"def f{random.Next(100_000)}(a, b={random.Next(1000)}):\n    return a + b * {random.Next(1000)}\n");
        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
