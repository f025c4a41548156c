using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Benchmarks;

/// <summary>
/// A mirror on this disk that both sides read: the archive's own signed Release files and whole indexes of all three suites,
/// and of its pool the packages of the comparison.
/// </summary>
internal sealed record LocalMirror(string Main, string Security)
{
    private const string Keys = "/usr/share/keyrings/debian-archive-keyring.gpg";

    public IReadOnlyDictionary<string, string> ForMayfly(string store) =>
        new Dictionary<string, string>(Workshop.With(store)) { ["MAYFLY_MIRROR"] = $"file://{Main}", ["MAYFLY_SECURITY_MIRROR"] = $"file://{Security}" };

    /// <summary>Lines of apt's sources.list.</summary>
    public IReadOnlyList<string> ForApt(Workshop workshop) =>
        [.. workshop.Sources.Sources.Select(source => $"deb [signed-by={Keys}] file://{Root(source.Suite)} {source.Suite} main")];

    public static async Task<LocalMirror> MakeAsync(Workshop workshop, CancellationToken cancellationToken)
    {
        if (!File.Exists(Keys))
            throw new MayflyException($"{Keys} is missing, with which mmdebstrap checks the archive's signatures", "apt-get install debian-archive-keyring");
        var mirror = new LocalMirror(workshop.PathFor("mirror/debian"), workshop.PathFor("mirror/debian-security"));
        using var handler = new HttpClientHandler { Proxy = workshop.Sources.Proxy, UseProxy = workshop.Sources.Proxy is not null };
        using var client = new HttpClient(handler);
        foreach (var source in workshop.Sources.Sources)
        {
            var suite = Path.Combine(mirror.Root(source.Suite), "dists", source.Suite);
            Directory.CreateDirectory(suite);
            var address = new Uri(source.Mirrors[0], $"dists/{source.Suite}/InRelease");
            var release = address.IsFile ? await File.ReadAllBytesAsync(address.LocalPath, cancellationToken) : await client.GetByteArrayAsync(address, cancellationToken);
            await File.WriteAllBytesAsync(Path.Combine(suite, "InRelease"), release, cancellationToken);
            var name = $"main/binary-{workshop.Sources.Architecture}/Packages.xz";
            var hash = System.Text.Encoding.UTF8.GetString(release).Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .First(words => words is [{ Length: 64 }, _, var file] && file == name)[0];
            var index = Path.Combine(suite, name);
            Link(workshop, hash, index);
            Link(workshop, hash, Path.Combine(Path.GetDirectoryName(index)!, "by-hash/SHA256", hash));
        }

        foreach (var package in workshop.Lock.Packages)
            Link(workshop, package.Sha256, Path.Combine(mirror.Root(package.Release), package.Path));
        return mirror;
    }

    /// <summary>The same in another folder.</summary>
    public LocalMirror CopyTo(string folder)
    {
        Trees.CopyContents(Path.GetDirectoryName(Main)!, Directory.CreateDirectory($"{folder}/mirror").FullName);
        return new LocalMirror($"{folder}/mirror/debian", $"{folder}/mirror/debian-security");
    }

    private string Root(string suite) => suite.EndsWith("-security", StringComparison.Ordinal) ? Security : Main;

    private static void Link(Workshop workshop, string hash, string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Copy(workshop.Store.PathOf(StoreArea.Artifacts, hash), path, overwrite: true);
    }
}
