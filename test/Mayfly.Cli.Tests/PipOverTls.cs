using System.Diagnostics;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Mayfly.Environments.Tests;

namespace Mayfly.Cli.Tests;

/// <summary><c>pip</c> over an index with TLS and an authority of its own: what it says of files that it fetches, and of those that it has, with pip itself as the judge.</summary>
[Trait("needs", "oracle")]
public sealed partial class PipOverTls : IDisposable
{
    private readonly Folder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>As an index for the public has it: files never change, and pages are good for some minutes.</summary>
    private const string Server = """
        import http.server, os, ssl
        class Index(http.server.SimpleHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'
            def end_headers(self):
                self.send_header('Cache-Control', 'max-age=365000000, immutable, public' if self.path.endswith(('.whl', '.metadata')) else 'max-age=600, public')
                super().end_headers()
            def log_message(self, *_):
                pass
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Index)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain('../server.pem', '../server.key')
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        print(server.server_port, flush=True)
        server.serve_forever()
        """;

    private const string Certificates = """
        set -e
        openssl req -x509 -newkey rsa:2048 -nodes -keyout own.key -out own.pem -subj '/CN=own' -days 3 -addext basicConstraints=critical,CA:TRUE
        openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=127.0.0.1
        printf 'subjectAltName=IP:127.0.0.1\n' > server.ext
        openssl x509 -req -in server.csr -CA own.pem -CAkey own.key -CAcreateserial -days 3 -extfile server.ext -out server.pem
        """;

    /// <summary>One with metadata beside it, one without, and one that is small.</summary>
    private void Offer(string index)
    {
        Write("web", withMetadata: true, 20_000, "orm");
        Write("orm", withMetadata: false, 20_000);
        Write("tiny", withMetadata: true, 10);

        void Write(string project, bool withMetadata, int length, params string[] requires)
        {
            var folder = Directory.CreateDirectory($"{index}/{project}").FullName;
            var path = WheelFile.Write(folder, project, "1.0", new Dictionary<string, string> { [$"{project}.py"] = Convert.ToHexString(RandomNumberGenerator.GetBytes(length)) }, requires: requires);
            using (var archive = ZipFile.OpenRead(path))
            {
                if (withMetadata)
                    archive.Entries.Single(static entry => entry.Name == "METADATA").ExtractToFile($"{path}.metadata");
            }

            File.WriteAllText($"{folder}/index.html", $"<a href='{Path.GetFileName(path)}#sha256={Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)))}'{(withMetadata ? " data-dist-info-metadata='true'" : "")}>{Path.GetFileName(path)}</a>\n");
        }
    }

    [Fact]
    public void What_comes_and_what_was_there_is_told_as_pip_tells_it()
    {
        var index = Directory.CreateDirectory($"{_folder.Path}/index").FullName;
        Offer(index);
        Assert.True(Shell.Run(_folder.Path, [], Certificates).ExitCode == 0);
        var start = new ProcessStartInfo("/usr/bin/python3", ["-c", Server]) { WorkingDirectory = index, RedirectStandardOutput = true };
        using var server = Process.Start(start)!;
        try
        {
            var session = $$"""
                export PIP_INDEX_URL=https://127.0.0.1:{{server.StandardOutput.ReadLine()}}/ PIP_DISABLE_PIP_VERSION_CHECK=1
                say() { echo "\$ $*"; "$@"; echo "[$?]"; }
                say one/bin/pip install --cert {{_folder.Path}}/own.pem web tiny
                say two/bin/pip install --cert {{_folder.Path}}/own.pem web tiny
                say two/bin/pip install --cert {{_folder.Path}}/own.pem --force-reinstall --no-deps orm
                say two/bin/pip download --cert {{_folder.Path}}/own.pem -d files web
                say two/bin/pip install --cert {{_folder.Path}}/own.pem --no-cache-dir --force-reinstall --no-deps web
                say two/bin/pip --no-cache-dir download --cert {{_folder.Path}}/own.pem -d more web
                for value in 1 0; do PIP_NO_CACHE_DIR=$value say two/bin/pip install --cert {{_folder.Path}}/own.pem --force-reinstall --no-deps web tiny; done
                mkdir -p .config/pip; printf '[global]\ncert = {{_folder.Path}}/own.pem\n' > .config/pip/pip.conf
                say three/bin/pip install web
                """;
            var (ours, theirs) = (Here("ours"), Here("them"));
            ours.Run("for name in one two three; do mayfly env create ./$name --python /usr/bin/python3; done");
            theirs.Run("for name in one two three; do virtualenv -q -p /usr/bin/python3 --no-setuptools --no-wheel $name; done");
            var judged = Once(theirs.Run(session).Replace(theirs.Home, "HOME"));
            Assert.Contains("  Downloading https://", judged, StringComparison.Ordinal);
            Assert.Contains("  Using cached https://", judged, StringComparison.Ordinal);
            Assert.Equal(judged, ours.Run(session).Replace(ours.Home, "HOME"));
            // It was pip's words by Mayfly: pip itself never ran there.
            Assert.False(Directory.Exists($"{ours.Home}/.cache/pip"));
        }
        finally
        {
            server.Kill();
            server.WaitForExit();
        }
    }

    private ShellUnderTest Here(string name)
    {
        var here = new ShellUnderTest("bash", Directory.CreateDirectory($"{_folder.Path}/{name}").FullName);
        here.TakeWords(_folder);
        return here;
    }

    /// <summary>pip 23.0 fetches what it has read the metadata of twice, and finds it in its cache the second time; later ones do not.</summary>
    private static string Once(string said)
    {
        var seen = new HashSet<string>();
        return string.Concat(said.Split('\n').Where(line =>
        {
            if (line.StartsWith("$ ", StringComparison.Ordinal))
                seen.Clear();
            return Fetched().Match(line) is not { Success: true } fetched || seen.Add(fetched.Groups[1].Value);
        }).Select(static line => $"{line}\n"))[..^1];
    }

    [GeneratedRegex("^(?:Downloading|Using cached) (.*)$")]
    private static partial Regex Fetched();
}
