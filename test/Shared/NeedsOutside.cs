using System.Reflection;
using Mayfly.Tests.Shared;
using Xunit.v3;

[assembly: NeedsOutside]

namespace Mayfly.Tests.Shared;

/// <summary>
/// Skips, by name and with the reason, what this machine cannot run: tests with the trait <c>needs: oracle</c> compare
/// with tools that only a Debian machine prepared for it has, tests with <c>needs: root</c> do what only root may.
/// <c>MAYFLY_TESTS_NEED</c> (such as <c>oracle,root</c>) turns such a skip into a failure: on the machine that must run all.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly)]
internal sealed class NeedsOutsideAttribute : BeforeAfterTestAttribute
{
    private static readonly string[] Oracles = ["apt-get", "dpkg", "dpkg-deb", "mmdebstrap", "skopeo", "dig", "crun", "dockerd", "strace", "zstd", "bzip2", "gcc", "virtualenv", "nginx", "zsh", "fish"];

    private static readonly string[] MustRun = (Environment.GetEnvironmentVariable("MAYFLY_TESTS_NEED") ?? "")
        .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static readonly Lazy<string?> Missing = new(() =>
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin").ToArray();
        var missing = Oracles.Where(tool => !folders.Any(folder => File.Exists(Path.Combine(folder, tool)))).ToArray();
        return missing is [] ? null : $"compares with tools that this machine lacks: {string.Join(", ", missing)}";
    });

    public override void Before(MethodInfo methodUnderTest, IXunitTest test)
    {
        if (!test.Traits.TryGetValue("needs", out var needs))
            return;
        foreach (var need in needs)
        {
            var reason = need switch
            {
                "oracle" => Missing.Value,
                "root" => Environment.IsPrivilegedProcess ? null : "needs root",
                _ => throw new InvalidOperationException($"the trait needs: {need} is unknown; see {nameof(NeedsOutsideAttribute)}"),
            };
            if (reason is null)
                continue;
            if (MustRun.Contains(need))
                Assert.Fail($"{reason}, and MAYFLY_TESTS_NEED says that this machine must run it");
            Assert.Skip(reason);
        }
    }
}
