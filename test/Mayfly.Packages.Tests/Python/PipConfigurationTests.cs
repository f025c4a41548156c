using System.Diagnostics;
using Mayfly.Linux;
using Mayfly.Packages.Python;

namespace Mayfly.Packages.Tests.Python;

/// <summary>What is read of pip's configuration is what pip itself reads of it.</summary>
[Trait("needs", "oracle")]
public sealed class PipConfigurationTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mayfly-pip-").FullName;

    public void Dispose() => Trees.Remove(_folder);

    [Theory]
    [InlineData("[global]\nindex-url = https://one.test/simple\nextra-index-url =\n    https://two.test/a\n    https://three.test/b\n", "[install]\npre = yes\nno-binary = :all:\n", "")]
    [InlineData("[global]\nindex_url: https://one.test/simple\n# no-index = true\n; comment\nfind-links = /a /b\n", "[global]\nindex-url = https://two.test/simple\n[install]\nindex-url = https://three.test/%41\n[download]\npre = true\n", "PIP_EXTRA_INDEX_URL=https://four.test/ https://five.test/")]
    [InlineData("[global]\nno-index = 0\nrequire-hashes=ON\n", "", "PIP_NO_INDEX=1 PIP_INDEX_URL=https://six.test/ PIP_CONSTRAINT=/limits.txt")]
    [InlineData("", "[global]\nINDEX-URL = https://upper.test/simple\ntrusted-host = a.test\n  b.test\n", "PIP_CONFIG_FILE=/dev/null")]
    [InlineData("[install]\nindex-url = https://own.test/simple\npre = 1\ncert = /own.pem\n", "[global]\nindex-url = https://all.test/simple\npre = 0\nproxy = http://proxy.test:3128\n", "PIP_CLIENT_CERT=/client.pem")]
    public void It_says_what_pip_says(string user, string named, string more)
    {
        Directory.CreateDirectory($"{_folder}/home/.config/pip");
        File.WriteAllText($"{_folder}/home/.config/pip/pip.conf", user);
        if (named.Length > 0)
            File.WriteAllText($"{_folder}/named.conf", named);
        var variables = new Dictionary<string, string> { ["HOME"] = $"{_folder}/home", ["PATH"] = "/usr/bin:/bin", ["XDG_CONFIG_DIRS"] = $"{_folder}/none", ["PIP_CONFIG_FILE"] = $"{_folder}/named.conf" };
        foreach (var one in more.Split(" PIP_").Where(static one => one.Length > 0).Select(static (one, i) => i == 0 ? one : $"PIP_{one}"))
            variables[one.Split('=', 2)[0]] = one.Split('=', 2)[1];
        var options = PipConfiguration.Read(variables).Options;
        var pip = Pip(variables);
        string[] ours =
        [
            $"index {(options.NoIndex ? "" : options.Index)}", $"more {string.Join(' ', options.NoIndex ? [] : options.FurtherIndexes)}", $"links {string.Join(' ', options.FindLinks.Select(static link => link.Place))}",
            $"pre {options.PreReleases}", $"hashes {options.RequiresHashes}", $"trusted {string.Join(' ', options.Access.TrustedHosts)}", $"constraints {string.Join(' ', PipConfiguration.Read(variables).Constraints)}",
            $"network {options.Access.Proxy} {options.Access.Certificates} {options.Access.ClientCertificate}",
            $"wheels {(options.Formats.Any(static format => !format.Wheels) ? ":all:" : "")}",
        ];
        Assert.Equal(pip.Split('\n'), ours);
    }

    private static string Pip(Dictionary<string, string> variables)
    {
        const string Question = """
            import glob, sys
            sys.path[:0] = glob.glob('/usr/share/python-wheels/pip-*.whl')
            from pip._internal.commands import create_command
            options, _ = create_command('install').parse_args([])
            print('index', '' if options.no_index else options.index_url)
            print('more', '' if options.no_index else ' '.join(options.extra_index_urls))
            print('links', ' '.join(options.find_links))
            print('pre', bool(options.pre))
            print('hashes', bool(options.require_hashes))
            print('trusted', ' '.join(options.trusted_hosts))
            print('constraints', ' '.join(options.constraints))
            print('network', options.proxy, options.cert or '', options.client_cert or '')
            print('wheels', ' '.join(sorted(options.format_control.no_binary)), end='')
            """;
        var start = new ProcessStartInfo("/usr/bin/python3", ["-c", Question]) { RedirectStandardOutput = true };
        start.Environment.Clear();
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        return process.StandardOutput.ReadToEnd();
    }
}
