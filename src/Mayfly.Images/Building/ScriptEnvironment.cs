using System.Globalization;

namespace Mayfly.Images.Building;

/// <summary>What programs inside a root find in their environment; nothing of the user's own reaches them.</summary>
internal static class ScriptEnvironment
{
    private const string SearchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    public static readonly IReadOnlyDictionary<string, string> ForPackages = new Dictionary<string, string>
    {
        ["PATH"] = SearchPath,
        ["HOME"] = "/root",
        ["LC_ALL"] = "C.UTF-8",
        ["DEBIAN_FRONTEND"] = "noninteractive",
        ["DEBCONF_NONINTERACTIVE_SEEN"] = "true",
    };

    /// <summary>For a recipe's commands; they may stamp what they make with <c>SOURCE_DATE_EPOCH</c>, so that it does not differ between builds.</summary>
    public static IReadOnlyDictionary<string, string> ForCommands(long epoch, string home, IReadOnlyDictionary<string, string> own)
    {
        var environment = new Dictionary<string, string>
        {
            ["PATH"] = SearchPath,
            ["HOME"] = home,
            ["LANG"] = "C.UTF-8",
            ["DEBIAN_FRONTEND"] = "noninteractive",
            ["SOURCE_DATE_EPOCH"] = epoch.ToString(CultureInfo.InvariantCulture),
        };
        foreach (var (name, value) in own)
            environment[name] = value;
        return environment;
    }
}
