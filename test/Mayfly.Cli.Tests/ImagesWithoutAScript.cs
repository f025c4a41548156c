using System.Diagnostics;
using System.Text.Json;

namespace Mayfly.Cli.Tests;

/// <summary><c>mayfly image</c> on the real archive, with an image that another tool reads.</summary>
public sealed class ImagesWithoutAScript : IDisposable
{
    private readonly Folder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact, Trait("needs", "root"), Trait("needs", "oracle")]
    public void An_image_of_packages_is_built_listed_and_exported_to_what_skopeo_reads()
    {
        var build = Invocation.Run(_folder, "image", "build", "--base", "debian:bookworm", "--install", "memcached", "--output", "image.tar");
        Assert.Equal(0, build.ExitCode);
        Assert.StartsWith("memcached sha256:", build.Output);
        Assert.StartsWith("memcached  ", Invocation.Run(_folder, "image", "list").Output);
        Assert.Contains("packages memcached", Invocation.Run(_folder, "image", "inspect", "memcached").Output);

        using var skopeo = Process.Start(new ProcessStartInfo("skopeo", ["inspect", "--config", $"oci-archive:{_folder.Path}/image.tar"]) { RedirectStandardOutput = true })!;
        using var configuration = JsonDocument.Parse(skopeo.StandardOutput.ReadToEnd());
        Assert.Equal(2, configuration.RootElement.GetProperty("rootfs").GetProperty("diff_ids").GetArrayLength());

        Assert.Equal(0, Invocation.Run(_folder, "image", "export", "memcached", "--output", "tree.tar", "--format", "tar").ExitCode);
        using var tar = Process.Start(new ProcessStartInfo("tar", ["-tf", $"{_folder.Path}/tree.tar"]) { RedirectStandardOutput = true })!;
        Assert.Contains("usr/bin/memcached", tar.StandardOutput.ReadToEnd());
    }

    [Fact, Trait("needs", "root"), Trait("needs", "oracle")]
    public void A_package_that_does_not_exist_is_named_and_nothing_is_built()
    {
        var run = Invocation.Run(_folder, "image", "build", "--install", "no-such-package-anywhere");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("no-such-package-anywhere", run.Error);
        Assert.Contains("hint: ", run.Error);
        Assert.Equal("", Invocation.Run(_folder, "image", "list").Output);
    }
}
