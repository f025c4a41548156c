using System.Globalization;

namespace Mayfly.Images.Building;

/// <summary>What programs inside a root find in their environment; nothing of the user's own reaches them.</summary>
internal static class ScriptEnvironment
{
    private const string SearchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>
    /// For what packages bring, the same whatever the date. Perl (perlrun(1)) and Python would shuffle their tables at every start, and some scripts
    /// write what they go through in that order: TeX's list of languages, XML::SAX's of parsers.
    /// </summary>
    public static readonly IReadOnlyDictionary<string, string> ForPackages = new Dictionary<string, string>
    {
        ["PATH"] = SearchPath,
        ["HOME"] = "/root",
        ["LC_ALL"] = "C.UTF-8",
        ["DEBIAN_FRONTEND"] = "noninteractive",
        ["DEBCONF_NONINTERACTIVE_SEEN"] = "true",
        ["PERL_HASH_SEED"] = "0",
        ["PERL_PERTURB_KEYS"] = "0",
        ["PYTHONHASHSEED"] = "0",
    };

    /// <summary>
    /// For packages' own scripts while they are installed, with the date for those programs that <see cref="Shims"/> tells it. Not all are told it in
    /// <c>SOURCE_DATE_EPOCH</c>: Python's compilers would make byte code that hashes the source at every import (PEP 552), which no machine has that apt installed.
    /// </summary>
    public static IReadOnlyDictionary<string, string> ForInstalling(long epoch) =>
        new Dictionary<string, string>(ForPackages) { [Shims.Date] = epoch.ToString(CultureInfo.InvariantCulture) };

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
