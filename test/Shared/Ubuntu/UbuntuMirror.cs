using Mayfly.Packages.Debian;

namespace Mayfly.Tests.Shared;

/// <summary>
/// Where Ubuntu's real archive can be had: from the mirror that the configuration or the host's apt names, else from beside Debian's, for many
/// mirrors have both. What needs it is skipped with the reason where there is none, and fails where <c>MAYFLY_TESTS_NEED</c> has <c>ubuntu</c>.
/// </summary>
internal static class UbuntuMirror
{
    public const string Codename = "noble";

    private static readonly Lazy<(DebianSources? Sources, string? Missing)> Found = new(Find);

    /// <summary>Null where there is none.</summary>
    public static DebianSources? Sources => Found.Value.Sources;

    /// <summary>Why there is none, or null.</summary>
    public static string? Missing => Found.Value.Missing;

    /// <summary>The archive's public key, ASCII-armoured.</summary>
    public static string Key
    {
        get
        {
            using var stream = typeof(ReleaseLayout).Assembly.GetManifestResourceStream($"{typeof(ReleaseLayout).Namespace}.Keys.ubuntu-archive-2018.asc")!;
            using var reader = new StreamReader(stream);
            return reader.ReadToEnd();
        }
    }

    public static void SkipWithout()
    {
        if (Missing is not { } reason)
            return;
        if ((Environment.GetEnvironmentVariable("MAYFLY_TESTS_NEED") ?? "").Split(',').Contains("ubuntu"))
            Assert.Fail(reason);
        Assert.Skip(reason);
    }

    private static (DebianSources?, string?) Find()
    {
        DebianSources sources;
        try
        {
            sources = DebianSources.Discover(Codename, "amd64");
        }
        catch (MayflyException)
        {
            var debian = DebianSources.Discover("bookworm", "amd64").Sources[0].Mirrors[0];
            if (!debian.AbsolutePath.EndsWith("/debian/", StringComparison.Ordinal))
                return (null, "no mirror of Ubuntu is known, and Debian's does not lie in a folder beside which it might be");
            sources = DebianSources.Discover(Codename, "amd64", new DebianConfiguration { Mirror = new Uri(debian, "../ubuntu/").ToString() });
        }

        try
        {
            using var handler = new HttpClientHandler { Proxy = sources.Proxy, UseProxy = sources.Proxy is not null };
            using var client = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(30) };
            using var answer = client.Send(new HttpRequestMessage(HttpMethod.Head, new Uri(sources.Sources[0].Mirrors[0], $"dists/{Codename}/InRelease")));
            return answer.IsSuccessStatusCode ? (sources, null) : (null, $"the mirror has no Ubuntu {Codename}: it answers {(int)answer.StatusCode}");
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return (null, $"no mirror of Ubuntu answers: {e.Message}");
        }
    }
}
