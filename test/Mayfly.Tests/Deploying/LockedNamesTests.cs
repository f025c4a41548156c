using Mayfly.Deploying;
using Mayfly.Packages;

namespace Mayfly.Tests.Deploying;

/// <summary>What is told of a name that no package of a lock has.</summary>
public sealed class LockedNamesTests
{
    private static LockedWheel Wheel(string file, params LockedWheel[] with) => new()
    {
        File = $"{file}-1-py3-none-any.whl",
        Index = "index",
        Size = 1,
        Sha256 = new string('1', 64),
        Source = with.Length == 0 ? null : new LockedSource { File = $"{file}-1.tar.gz", Size = 1, Sha256 = new string('2', 64), Packages = new string('3', 64), With = with },
    };

    [Theory]
    [InlineData("Flit_Core", "money is built with flit-core, which is chosen anew when that is built anew: `mayfly update money`")]
    [InlineData("setuptools", "money and rates are built with setuptools, which is chosen anew when those are built anew: `mayfly update money rates`")]
    [InlineData("money", null)]
    [InlineData("set tools", null)]
    public void What_something_is_built_with_is_no_package_of_the_lock(string name, string? hint)
    {
        var setuptools = Wheel("setuptools");
        var stackLock = new StackLock
        {
            Architecture = "amd64",
            Releases = [],
            Packages = [],
            Sets = [],
            // One is built with what is built itself.
            Environments = [new LockedEnvironment { Set = "web", Into = "/srv/env", Requests = ["money", "rates"], Answers = new string('4', 64), Interpreter = "cpython", Wheels = [Wheel("money", Wheel("hooks", setuptools), Wheel("flit_core")), Wheel("rates", setuptools), Wheel("plain")] }],
        };
        Assert.Equal(hint, LockedNames.BuiltWith(stackLock, name));
    }
}
