using System.Buffers.Text;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Mayfly.Packages.Tests.Python;

/// <summary>A simple repository in a folder, of small whole wheels whose projects need one another in ways that a seed decides.</summary>
internal sealed class GeneratedIndex : IDisposable
{
    private static readonly string[] Versions = ["0.9", "1.0.dev3", "1.0", "1.1", "1.1.post1", "2.0rc1", "2.0", "2.1", "3.0b2", "3.0"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mayfly-index-");
    private readonly Random _random;

    public GeneratedIndex(int seed, int projects)
    {
        _random = new Random(seed);
        Projects = [.. Enumerable.Range(0, projects).Select(static number => $"part-{(char)('a' + number)}")];
        foreach (var project in Projects)
            WriteProject(project);
    }

    public IReadOnlyList<string> Projects { get; }

    public Uri Address => new($"file://{_folder.FullName}/");

    /// <summary>A few of its projects, perhaps with versions and extras.</summary>
    public string[] Some(int most) => [.. Enumerable.Range(0, 1 + _random.Next(most)).Select(_ => Wanted(Projects[_random.Next(Projects.Count)])).DistinctBy(static wanted => wanted.Split('[', '<', '>', '=', '!', '~')[0])];

    /// <summary>All its wheels in one folder.</summary>
    public string Links()
    {
        var links = _folder.CreateSubdirectory("links").FullName;
        foreach (var wheel in Directory.GetFiles(_folder.FullName, "*.whl", SearchOption.AllDirectories).Where(path => !path.StartsWith(links, StringComparison.Ordinal)))
            File.Copy(wheel, $"{links}/{Path.GetFileName(wheel)}", overwrite: true);
        return links;
    }

    /// <summary>A requirements file beside the projects.</summary>
    public string Requirements(string text)
    {
        var path = $"{_folder.FullName}/requirements-{_random.Next()}.txt";
        File.WriteAllText(path, text);
        return path;
    }

    public string[] Constraints() => [.. Enumerable.Range(0, _random.Next(3)).Select(_ => Projects[_random.Next(Projects.Count)]).Distinct().Select(project => project + One("<3", "!=2.0", ">=1.0", "<=1.1"))];

    public void Dispose() => _folder.Delete(recursive: true);

    private void WriteProject(string project)
    {
        var folder = _folder.CreateSubdirectory(project).FullName;
        var page = new StringBuilder("<!DOCTYPE html><html><body>\n");
        foreach (var version in Versions.Where(_ => _random.Next(10) < 6))
        {
            var python = One("", "", "", "", ">=3.8", ">=3.12", "<3.11");
            var name = $"{project.Replace('-', '_')}-{version}-{One("py3-none-any", "py3-none-any", "py3-none-any", "py2.py3-none-any", "cp311-cp311-manylinux_2_17_x86_64", "cp310-cp310-win_amd64", "cp38-abi3-manylinux_2_28_x86_64")}.whl";
            File.WriteAllBytes($"{folder}/{name}", Wheel(project, version, python));
            var hash = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes($"{folder}/{name}")));
            var yanked = _random.Next(12) == 0 ? " data-yanked=\"broken\"" : "";
            page.Append($"<a href=\"{name}#sha256={hash}\" data-requires-python=\"{WebUtility.HtmlEncode(One(python, python, ""))}\"{yanked}>{name}</a>\n");
        }

        File.WriteAllText($"{folder}/index.html", page.Append("</body></html>\n").ToString());
    }

    private byte[] Wheel(string project, string version, string python)
    {
        var metadata = new StringBuilder($"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n");
        if (python.Length > 0)
            metadata.Append($"Requires-Python: {python}\n");
        metadata.Append("Provides-Extra: more\n");
        for (var i = _random.Next(4); i > 0; i--)
        {
            if (Projects[_random.Next(Projects.Count)] is var other && other != project)
                metadata.Append($"Requires-Dist: {Wanted(other)}{One("", "", "", " ; extra == 'more'", " ; python_version < '3.11'", " ; python_version >= '3.8'", " ; extra == 'more' and sys_platform == 'linux'")}\n");
        }

        var stem = $"{project.Replace('-', '_')}-{version}.dist-info";
        (string Name, string Text)[] files = [($"{project.Replace('-', '_')}.py", "x = 1\n"), ($"{stem}/METADATA", metadata.ToString()), ($"{stem}/WHEEL", "Wheel-Version: 1.0\nGenerator: none\nRoot-Is-Purelib: true\nTag: py3-none-any\n")];
        var record = string.Concat(files.Select(static file => $"{file.Name},sha256={Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(file.Text)))},{file.Text.Length}\n")) + $"{stem}/RECORD,,\n";
        var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, text) in files.Append(($"{stem}/RECORD", record)))
            {
                using var entry = zip.CreateEntry(name).Open();
                entry.Write(Encoding.UTF8.GetBytes(text));
            }
        }

        return bytes.ToArray();
    }

    private string Wanted(string project) => $"{project}{One("", "", "", "[more]")}{One("", "", "", ">=1.0", "<2", "<3,>=1", "==1.1", "~=2.0", "!=2.0", "==2.*", ">=3", ">1.1", ">=2.0rc1", "<=1.0")}";

    private string One(params ReadOnlySpan<string> values) => values[_random.Next(values.Length)];
}
