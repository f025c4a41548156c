using System.Runtime.CompilerServices;

namespace Mayfly.Cli.Tests;

/// <summary>What <c>./release</c> gives to users without a clone: unpacked anywhere, it does what a clone's tool does.</summary>
public sealed class Releasing : IDisposable
{
    private readonly Folder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact, Trait("needs", "root"), Trait("needs", "oracle")]
    public void A_release_builds_the_same_image_and_compiles_a_stack_with_its_own_packages()
    {
        Assert.Equal((0, ""), Sh($"cd '{Repository()}' && archive=$(./release 2>'{_folder.Path}/log') && tar -xzf \"$archive\" -C '{_folder.Path}' || cat '{_folder.Path}/log'"));
        var release = Path.GetFileName(Assert.Single(Directory.GetDirectories(_folder.Path, "mayfly-*")));
        Assert.Equal((0, $"mayfly {release["mayfly-".Length..release.IndexOf("-linux", StringComparison.Ordinal)]}\n"), Sh($"{release}/mayfly --version"));

        // Nothing of the SDK is on the way to an image.
        var (code, image) = Sh($"DOTNET_ROOT=/nowhere MAYFLY_STORE=$PWD/other {release}/mayfly image build --base debian:bookworm --install memcached 2>log || cat log");
        Assert.Equal(0, code);
        Assert.Equal(Invocation.Run(_folder, "image", "build", "--base", "debian:bookworm", "--install", "memcached").Output, image);

        Assert.Equal(0, Sh($"{release}/mayfly new hello").ExitCode);
        var (planned, plan) = Sh($"MAYFLY_STORE=$PWD/other {release}/mayfly plan hello 2>&1");
        Assert.Contains("start www-1 on box", plan);
        Assert.Equal(0, planned);
    }

    private (int ExitCode, string Output) Sh(string command)
    {
        var (code, output, error) = Shell.Run(_folder.Path, new() { ["MAYFLY_PROPS"] = null, ["XDG_CACHE_HOME"] = $"{_folder.Path}/.cache" }, command);
        Assert.True(code == 0, output + error);
        return (code, output);
    }

    private static string Repository([CallerFilePath] string source = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "..", ".."));
}
